<?php
// The curl extension, and streams (file_get_contents).

function body(string $prompt): string
{
    return json_encode(['model' => 'gpt-4o-mini', 'messages' => [['role' => 'user', 'content' => $prompt]]]);
}

const CHAT = 'https://api.openai.com/v1/chat/completions';

function headers(): array
{
    return ['Authorization: Bearer ' . getenv('OPENAI_API_KEY'), 'Content-Type: application/json'];
}

function report(string $way, string $call, int $status, string $text): void
{
    echo "$way $call $status ", strtr($text, "\n", ' '), "\n";
}

function by_curl(string $call, string $url, ?string $body): void
{
    $c = curl_init($url);
    curl_setopt($c, CURLOPT_RETURNTRANSFER, true);
    if ($body !== null) {
        curl_setopt($c, CURLOPT_HTTPHEADER, headers());
        curl_setopt($c, CURLOPT_POSTFIELDS, $body);
    }
    $answer = curl_exec($c);
    report('curl', $call, curl_getinfo($c, CURLINFO_RESPONSE_CODE), $answer === false ? curl_error($c) : $answer);
}

function by_streams(string $call, string $url, ?string $body): void
{
    $http = $body === null ? [] : ['method' => 'POST', 'header' => headers(), 'content' => $body];
    $answer = @file_get_contents($url, false, stream_context_create(['http' => $http]));
    preg_match('/\d{3}/', $http_response_header[0] ?? '0', $status);
    $text = $answer === false ? error_get_last()['message'] : $answer;
    report('streams', $call, (int) ($status[0] ?? 0), $text);
}

foreach (['by_curl', 'by_streams'] as $by) {
    $by('allowed', CHAT, body($argv[1]));
    $by('blocked', CHAT, body($argv[2]));
    $by('other', $argv[3], null);
}
