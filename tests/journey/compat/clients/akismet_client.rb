# Runs Ruby's akismet, unchanged; its constant names lead to the service, without TLS, as a site's DNS and proxy do.
require 'json'
require 'net/http'
require 'akismet'
PORT, KEY = ARGV
class Net::HTTP
  def use_ssl?; false; end
  alias_method :plain_connect, :connect
  def connect
    name, @address, @port = @address, '127.0.0.1', PORT.to_i
    plain_connect
  ensure
    @address = name
  end
end
texts = JSON.parse($stdin.read)
out = {}
client = Akismet::Client.new(KEY, 'https://courier.example')
out['verify'] = client.verify_key
out['bad'] = Akismet::Client.new('wrongwrongwr', 'https://courier.example').verify_key
texts.each { |name, text| out[name] = client.spam?('192.0.2.7', 'Mozilla/5.0', text: text, author: 'Ada') }
client.spam('192.0.2.7', 'Mozilla/5.0', text: texts['doubt'], author: 'Dee')
client.ham('192.0.2.7', 'Mozilla/5.0', text: texts['doubt'], author: 'Dee')
begin
  Akismet::Client.new('wrongwrongwr', 'https://courier.example').check('192.0.2.7', 'Mozilla/5.0', text: 'a')
rescue Akismet::Error => error
  out['refused'] = error.class.name
end
print JSON.generate(out)
