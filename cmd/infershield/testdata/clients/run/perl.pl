# LWP, with LWP::Protocol::https.
use strict;
use warnings;
use LWP::UserAgent;

my $agent = LWP::UserAgent->new(env_proxy => 1);

sub chat {
    my ($prompt) = @_;
    return $agent->post(
        'https://api.openai.com/v1/chat/completions',
        'Authorization' => "Bearer $ENV{OPENAI_API_KEY}",
        'Content-Type' => 'application/json',
        'Content' => qq({"model":"gpt-4o-mini","messages":[{"role":"user","content":"$prompt"}]}),
    );
}

sub report {
    my ($call, $answer) = @_;
    my $text = $answer->decoded_content // '';
    $text =~ tr/\n/ /;
    print 'LWP ', $call, ' ', $answer->code, ' ', $answer->status_line, ' ', $text, "\n";
}

report('allowed', chat($ARGV[0]));
report('blocked', chat($ARGV[1]));
report('other', $agent->get($ARGV[2]));
