# Net::HTTP of the standard library.
require 'json'
require 'net/http'

def chat(prompt)
  body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: prompt }] }
  headers = { 'Authorization' => "Bearer #{ENV.fetch('OPENAI_API_KEY')}", 'Content-Type' => 'application/json' }
  Net::HTTP.post(URI('https://api.openai.com/v1/chat/completions'), body.to_json, headers)
end

calls = {
  allowed: -> { chat(ARGV[0]) },
  blocked: -> { chat(ARGV[1]) },
  other: -> { Net::HTTP.get_response(URI(ARGV[2])) },
}
calls.each do |call, ask|
  answer = ask.call
  puts "Net::HTTP #{call} #{answer.code} #{answer.class} #{answer.body.inspect}"
rescue StandardError => e
  puts "Net::HTTP #{call} 0 #{e.class} #{e.message.inspect}"
end
