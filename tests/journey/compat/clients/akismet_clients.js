// Runs the two Akismet clients of npm and Coral's and NodeBB's way of calling, unchanged, against the service; prints JSON.
const dns = require('dns')
const lookup = dns.lookup
// what resolves rest.akismet.test and KEY.rest.akismet.test in production is a site's own DNS
dns.lookup = (host, options, done) => lookup(host.endsWith('.akismet.test') ? '127.0.0.1' : host, options, done)

const [port, key] = process.argv.slice(2)
const { AkismetClient } = require('akismet-api')
const old = require('akismet')
const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'))
const host = `rest.akismet.test:${port}`
const blog = 'https://courier.example'

const promised = (client, name, told) =>
  new Promise((done, fail) => client[name](told, (error, value) => (error ? fail(error) : done(value))))

async function main () {
  const out = {}
  const client = new AkismetClient({ key, blog, host, protocol: 'http' })
  out.api = { verify: await client.verifyKey(), bad: await new AkismetClient({ key: 'wrongwrongwr', blog, host, protocol: 'http' }).verifyKey() }
  for (const [name, content] of Object.entries(texts)) {
    const comment = { ip: '192.0.2.7', useragent: 'Mozilla/5.0', content, name: 'Ada', email: 'ada@mail.example' }
    out.api[name] = await client.checkSpam(comment)
  }
  const comment = { ip: '192.0.2.7', useragent: 'Mozilla/5.0', content: texts.doubt, name: 'Ada' }
  await client.submitSpam(comment)
  await client.submitHam(comment)
  out.api.submitted = true
  // Coral sends an empty IP when its reading of addresses is off
  out.api.withoutIp = await client.checkSpam({ ...comment, ip: '' }).then(String, error => error.message)
  const wrong = new AkismetClient({ key: 'wrongwrongwr', blog, host, protocol: 'http' })
  out.api.refused = await wrong.checkSpam(comment).then(String, error => error.message)

  const second = old.client({ apiKey: key, blog, host: 'rest.akismet.test', port: Number(port) })
  out.old = { verify: await new Promise((done, fail) => second.verifyKey((e, ok) => (e ? fail(e) : done(ok)))) }
  for (const [name, content] of Object.entries(texts)) {
    out.old[name] = await promised(second, 'checkComment', { user_ip: '192.0.2.7', comment_content: content, comment_author: 'Ada' })
  }
  await promised(second, 'submitSpam', { user_ip: '192.0.2.7', comment_content: texts.doubt, comment_author: 'Bo' })
  await promised(second, 'submitHam', { user_ip: '192.0.2.7', comment_content: texts.doubt, comment_author: 'Bo' })
  out.old.submitted = true

  // NodeBB's plugin: fetch, URLSearchParams, the key in the body
  const body = new URLSearchParams({ api_key: key, blog, user_ip: '192.0.2.7', comment_type: 'forum-post', comment_content: texts.spam })
  const answer = await fetch(`http://127.0.0.1:${port}/1.1/comment-check`, { method: 'POST', body })
  out.nodebb = { spam: await answer.text() }
  console.log(JSON.stringify(out))
}
main().catch(error => { console.error(error); process.exit(1) })
