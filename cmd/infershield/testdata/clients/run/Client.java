import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

/** java.net.http.HttpClient, run from its source as java does since 11. */
class Client {
    static final HttpClient client = HttpClient.newHttpClient();

    static HttpRequest chat(String prompt) {
        String body = "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"" + prompt + "\"}]}";
        return HttpRequest.newBuilder(URI.create("https://api.openai.com/v1/chat/completions"))
            .header("Authorization", "Bearer " + System.getenv("OPENAI_API_KEY"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    }

    static void ask(String call, HttpRequest request) throws InterruptedException {
        try {
            var answer = client.send(request, BodyHandlers.ofString());
            report(call, answer.statusCode(), answer.body());
        } catch (java.io.IOException e) {
            report(call, 0, e.toString());
        }
    }

    static void report(String call, int status, String text) {
        System.out.println("HttpClient " + call + " " + status + " " + text.replace('\n', ' '));
    }

    public static void main(String[] args) throws InterruptedException {
        ask("allowed", chat(args[0]));
        ask("blocked", chat(args[1]));
        ask("other", HttpRequest.newBuilder(URI.create(args[2])).build());
    }
}
