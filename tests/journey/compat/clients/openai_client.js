// Runs OpenAI's own client for Node, unchanged but for its base URL; prints JSON.
const OpenAI = require('openai')
const [port, key] = process.argv.slice(2)
const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'))
const baseURL = `http://127.0.0.1:${port}/v1`

async function main () {
  const client = new OpenAI({ baseURL, apiKey: key })
  const said = async input => (await client.moderations.create({ input })).results.map(one => one.flagged)
  const out = {
    one: await said(texts.ham),
    list: await said([texts.ham, texts.insult, texts.unicode]),
    long: await said(texts.long),
    parts: await said([{ type: 'text', text: texts.insult }, { type: 'text', text: texts.ham }]),
    requestId: Boolean((await client.moderations.create({ input: texts.ham }))._request_id)
  }
  const failed = promise => promise.then(() => 'none', error => `${error.constructor.name} ${error.status} ${error.code}`)
  out.badKey = await failed(new OpenAI({ baseURL, apiKey: 'wrong' }).moderations.create({ input: 'a' }))
  out.badInput = await failed(client.moderations.create({ input: 7 }))
  console.log(JSON.stringify(out))
}
main().catch(error => { console.error(error); process.exit(1) })
