// Comments for a page that has no server: the published thread and the reply form, where the script's own tag stands.
//   <script src="https://desk.example/embed.js" data-site="courier" async></script>
// It asks the desk alone, sets no cookie and keeps nothing. Without it, a link in <noscript> leads to the form.
(function () {
  'use strict'
  var tag = document.currentScript
  if (!tag || !tag.dataset.site) return
  var desk = new URL(tag.src).origin
  var canonical = document.querySelector('link[rel="canonical"]')
  var article = tag.dataset.article || (canonical && canonical.href) || location.href.split('#')[0]
  var site = desk + '/sites/' + encodeURIComponent(tag.dataset.site)
  var query = '?article_url=' + encodeURIComponent(article)
  var room = document.createElement('section')
  room.className = 'replydesk'
  room.lang = 'en'
  tag.after(room)
  if (tag.dataset.style !== 'none') room.append(style())

  var list = make('ol', { className: 'replydesk-thread' })
  var title = make('h2', { textContent: 'Comments' })
  var more = make('button', { type: 'button', textContent: 'Later comments', hidden: true })
  var place = make('div')
  room.append(title, list, more, place)
  var shown = Object.create(null)
  var count = 0
  more.onclick = function () { thread(more.value) }
  thread('')
  form()

  function make (name, own) {
    return Object.assign(document.createElement(name), own)
  }

  function ask (address) {
    return fetch(address, { credentials: 'omit', referrerPolicy: 'no-referrer' }).then(function (answer) {
      if (!answer.ok) throw new Error(String(answer.status))
      return answer.json()
    })
  }

  function thread (after) {
    var from = after ? '&after=' + encodeURIComponent(after) : ''
    ask(desk + '/v1/sites/' + encodeURIComponent(tag.dataset.site) + '/published' + query + from).then(function (page) {
      page.comments.forEach(show)
      more.hidden = page.complete
      more.value = page.next || ''
      title.textContent = count + (page.complete ? '' : '+') + (count === 1 ? ' comment' : ' comments')
    }, function () { title.textContent = 'Comments cannot be shown just now' })
  }

  // every text is put in as text: nothing that a reader wrote is ever read as HTML
  function show (one) {
    var item = make('li', { id: 'comment-' + one.id })
    var name = make('bdi', { textContent: one.name })
    var head = make('h3')
    if (one.website && /^https?:/i.test(one.website)) {
      head.append(make('a', { href: one.website, rel: 'nofollow ugc noopener noreferrer' }))
      head.firstChild.append(name)
    } else head.append(name)
    var when = make('time', { dateTime: one.submitted_at, textContent: new Date(one.submitted_at).toLocaleString() })
    var answer = make('button', { type: 'button', textContent: 'Reply' })
    answer.setAttribute('aria-label', 'Reply to ' + one.name)
    answer.onclick = function () { answering(one) }
    item.append(head, when, make('p', { textContent: one.body, dir: 'auto' }), answer)
    var above = shown[one.parent_id]
    if (above) {
      var below = above.item.querySelector(':scope > ol') || above.item.appendChild(make('ol'))
      below.append(item)
    } else list.append(item)
    shown[one.id] = { item: item }
    count++
  }

  function form () {
    ask(site + '/form' + query).then(function (given) {
      var box = make('form', { method: 'post', action: site + '/reply' + query, acceptCharset: 'utf-8' })
      box.append(make('h2', { textContent: 'Leave a reply' }), make('p', { className: 'replydesk-answering', hidden: true }))
      box.append(make('p', { textContent: 'Your email address will not be published. Required fields are marked *' }))
      box.append(hidden('ticket', given.ticket), hidden('parent_id', ''))
      field(box, 'comment', 'Comment', 'textarea', true, { rows: 6 })
      field(box, 'name', 'Name', 'input', true, { autocomplete: 'name' })
      field(box, 'email', 'Email', 'input', given.email_required, { type: 'email', autocomplete: 'email' })
      field(box, 'website', 'Website', 'input', false, { type: 'url', autocomplete: 'url' })
      var trap = make('div', { className: 'replydesk-trap' })
      trap.setAttribute('aria-hidden', 'true')
      field(trap, 'topic', 'Leave this empty', 'input', false, { tabIndex: -1, autocomplete: 'off' })
      box.append(trap, make('button', { type: 'submit', textContent: 'Post comment' }))
      place.append(box)
    }, function () {
      place.append(make('p', { textContent: 'The reply form cannot be shown just now.' }))
    })
  }

  function hidden (name, value) {
    return make('input', { type: 'hidden', name: name, value: value })
  }

  function field (box, name, label, kind, required, own) {
    var id = 'replydesk-' + name
    var input = make(kind, Object.assign({ id: id, name: name, required: required, dir: 'auto' }, own))
    box.append(make('label', { htmlFor: id, textContent: label + (required ? ' *' : '') }), input)
  }

  function answering (one) {
    var box = place.querySelector('form')
    if (!box) return
    box.elements.parent_id.value = one.id
    var line = box.querySelector('.replydesk-answering')
    line.textContent = 'Replying to ' + one.name + '. '
    var back = make('button', { type: 'button', textContent: 'Write a comment of its own instead' })
    back.onclick = function () { box.elements.parent_id.value = ''; line.hidden = true }
    line.append(back)
    line.hidden = false
    box.elements.comment.focus()
  }

  function style () {
    return make('link', { rel: 'stylesheet', href: desk + '/embed.css' })
  }
})()
