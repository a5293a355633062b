// Posts a reader's comment to Replydesk, and receives its decisions. Node 18 or later, nothing to install.
import { createHmac, timingSafeEqual } from 'node:crypto'

/** Sends one comment and returns the answer; sent again with the same id and text, it is the same comment. */
export async function postComment (desk, key, comment) {
  const answer = await fetch(`${desk}/v1/comments`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(comment),
    signal: AbortSignal.timeout(10_000)
  })
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`)
  return answer.json()
}

/** Returns the event when one of the secrets signed these bytes (a string or Buffer) within five minutes; null otherwise. */
export function eventOf (body, headers, secrets, now = Date.now() / 1000) {
  const [id, time, given] = ['id', 'timestamp', 'signature'].map(name => headers[`webhook-${name}`] ?? '')
  if (!id || !/^\d{1,12}$/.test(time) || Math.abs(now - Number(time)) > 300) return null
  for (const secret of secrets) {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
    const ours = Buffer.from('v1,' + createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest('base64'))
    for (const one of given.split(' ').map(text => Buffer.from(text))) {
      if (one.length === ours.length && timingSafeEqual(one, ours)) return JSON.parse(body.toString())
    }
  }
  return null
}
