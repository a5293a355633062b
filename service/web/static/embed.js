// Comments for a page that has no server: the published thread and the reply form, where the script's own tag stands.
//   <script src="https://desk.example/embed.js" data-site="courier" async></script>
// It asks the desk alone, sets no cookie and keeps nothing. Without it, a link in <noscript> leads to the form.
// It speaks the page's language (`lang`), else the browser's, else English; `data-lang` names one outright.
(function () {
  'use strict'
  var tag = document.currentScript
  if (!tag || !tag.dataset.site) return
  var desk = new URL('.', tag.src).href.replace(/\/$/, '') // with the path below which the script is served
  var canonical = document.querySelector('link[rel="canonical"]')
  var article = tag.dataset.article || (canonical && canonical.href) || location.href.split('#')[0]
  var spoken = {
    en: {
      title: 'Comments',
      none: 'No comments yet',
      count: function (count, more) { return count + more + (count === 1 && !more ? ' comment' : ' comments') },
      later: 'Later comments',
      away: 'Comments cannot be shown just now',
      orphan: 'In reply to a comment that is not shown',
      reply: 'Reply',
      replyTo: 'Reply to {name}',
      replying: 'Replying to {name}.',
      alone: 'Write a comment of its own instead',
      leave: 'Leave a reply',
      promise: 'Your email address will not be published. Required fields are marked *',
      comment: 'Comment',
      name: 'Name',
      email: 'Email',
      website: 'Website',
      topic: 'Leave this empty',
      post: 'Post comment',
      noForm: 'The reply form cannot be shown just now.',
      notSent: 'Your comment could not be sent just now. It is still here: try again in a moment.',
      receipt: 'Look again later, or see your data',
      appeal: 'Ask for another look',
      another: 'Write another comment'
    },
    de: {
      title: 'Kommentare',
      none: 'Noch keine Kommentare',
      count: function (count, more) { return count + more + (count === 1 && !more ? ' Kommentar' : ' Kommentare') },
      later: 'Spätere Kommentare',
      away: 'Kommentare können gerade nicht gezeigt werden',
      orphan: 'Antwort auf einen Kommentar, der nicht gezeigt wird',
      reply: 'Antworten',
      replyTo: 'Antworten auf den Kommentar von {name}',
      replying: 'Antwort an {name}.',
      alone: 'Stattdessen einen eigenen Kommentar schreiben',
      leave: 'Schreibe einen Kommentar',
      promise: 'Deine E-Mail-Adresse wird nicht veröffentlicht. Erforderliche Felder sind mit * markiert',
      comment: 'Kommentar',
      name: 'Name',
      email: 'E-Mail-Adresse',
      website: 'Website',
      topic: 'Dieses Feld leer lassen',
      post: 'Kommentar abschicken',
      noForm: 'Das Kommentarformular kann gerade nicht gezeigt werden.',
      notSent: 'Dein Kommentar ließ sich gerade nicht abschicken. Er steht noch hier: Versuche es gleich noch einmal.',
      receipt: 'Später noch einmal nachsehen, oder deine Daten ansehen',
      appeal: 'Um einen zweiten Blick bitten',
      another: 'Noch einen Kommentar schreiben'
    }
  }
  var LOOKS = 60 // so often the script looks how a comment stands
  var around = tag.closest('[lang]')
  var browsers = [].concat(navigator.languages || navigator.language || [])
  var asked = [tag.dataset.lang, around && around.lang].concat(browsers, 'en').map(main)
  var lang = asked.find(function (one) { return spoken.hasOwnProperty(one) })
  var region = browsers.find(function (one) { return main(one) === lang }) || lang
  var words = spoken[lang]
  var site = desk + '/sites/' + encodeURIComponent(tag.dataset.site)
  var query = '?article_url=' + encodeURIComponent(article)
  var published = desk + '/v1/sites/' + encodeURIComponent(tag.dataset.site) + '/published' + query
  var section = document.createElement('section')
  section.className = 'replydesk'
  section.lang = lang
  tag.after(section)
  if (tag.dataset.style !== 'none') section.append(style())

  var list = make('ol', { className: 'replydesk-thread' })
  var title = make('h2', { textContent: words.title })
  var more = make('button', { type: 'button', textContent: words.later, hidden: true })
  var place = make('div')
  section.append(title, list, more, place)
  var shown = Object.create(null)
  var waiting = Object.create(null)
  var count = 0
  more.onclick = function () { thread(more.value) }
  thread('')
  form()

  function main (tag) {
    return (tag || '').split(/[-_]/)[0].toLowerCase()
  }

  function say (sentence, name) {
    return sentence.replace('{name}', function () { return name })
  }

  function make (name, own) {
    return Object.assign(document.createElement(name), own)
  }

  function request (address, own) {
    return fetch(address, Object.assign({ credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store' }, own))
  }

  function ask (address) {
    return fetch(address, { credentials: 'omit', referrerPolicy: 'no-referrer' }).then(function (answer) {
      if (!answer.ok) throw new Error(String(answer.status))
      return answer.json()
    })
  }

  function thread (after) {
    var from = after ? '&after=' + encodeURIComponent(after) : ''
    ask(published + from).then(function (page) {
      page.comments.forEach(show)
      more.hidden = page.complete
      more.value = page.next || ''
      counted(page.complete)
    }, function () { title.textContent = words.away })
  }

  function counted (complete) {
    title.textContent = count ? words.count(count, complete ? '' : '+') : words.none
  }

  // every text is put in as text: nothing that a reader wrote is ever read as HTML
  function show (one) {
    if (shown[one.id]) return
    var item = make('li', { id: 'comment-' + one.id })
    var name = make('bdi', { textContent: one.name })
    var head = make('h3')
    if (one.website && /^https?:/i.test(one.website)) {
      head.append(make('a', { href: one.website, rel: 'nofollow ugc noopener noreferrer' }))
      head.firstChild.append(name)
    } else head.append(name)
    var when = make('time', { dateTime: one.submitted_at, textContent: day(one.submitted_at) })
    var answer = make('button', { type: 'button', textContent: words.reply })
    answer.setAttribute('aria-label', say(words.replyTo, one.name))
    answer.onclick = function () { answering(one) }
    item.append(head, when, make('p', { textContent: one.body, dir: 'auto' }), answer)
    if (one.parent_hidden) when.after(make('p', { className: 'replydesk-orphan', textContent: words.orphan }))
    var above = shown[one.parent_id]
    shown[one.id] = { item: item }
    if (above) nest(item, above.item)
    else list.append(item)
    // answers that came before it, and never a circle
    var early = one.id !== one.parent_id && waiting[one.id] || []
    early.forEach(function (answer) { if (!answer.contains(item)) nest(answer, item) })
    if (one.parent_id && !above) (waiting[one.parent_id] = waiting[one.parent_id] || []).push(item)
    count++
  }

  function nest (item, above) {
    var below = above.querySelector(':scope > ol') || above.appendChild(make('ol'))
    below.append(item)
  }

  function day (moment) {
    return new Date(moment).toLocaleString(region, { dateStyle: 'long', timeStyle: 'short' })
  }

  function form () {
    ask(site + '/form' + query).then(function (given) {
      var box = make('form', { method: 'post', action: site + '/reply' + query + '&lang=' + lang, acceptCharset: 'utf-8' })
      box.append(make('h2', { textContent: words.leave }), make('p', { className: 'replydesk-answering', hidden: true }))
      box.append(make('p', { textContent: words.promise }))
      box.append(hidden('ticket', given.ticket), hidden('parent_id', ''))
      field(box, 'comment', 'textarea', true, { rows: 6 })
      field(box, 'name', 'input', true, { autocomplete: 'name' })
      field(box, 'email', 'input', given.email_required, { type: 'email', autocomplete: 'email' })
      field(box, 'website', 'input', false, { type: 'url', autocomplete: 'url' })
      var trap = make('div', { className: 'replydesk-trap' })
      trap.setAttribute('aria-hidden', 'true')
      field(trap, 'topic', 'input', false, { tabIndex: -1, autocomplete: 'off' })
      var line = make('p', { hidden: true })
      line.setAttribute('role', 'alert')
      box.append(trap, line, make('button', { type: 'submit', textContent: words.post }))
      box.onsubmit = function (event) { event.preventDefault(); send(box, line) }
      place.append(box)
    }, function () {
      place.append(make('p', { textContent: words.noForm }))
    })
  }

  // the reader stays on the page: what became of the comment is told in the form's place
  function send (box, line) {
    if (box.dataset.asking) return
    box.dataset.asking = 'yes'
    var options = { method: 'POST', body: new URLSearchParams(new FormData(box)), headers: { Accept: 'application/json' } }
    if (AbortSignal.timeout) options.signal = AbortSignal.timeout(10000)
    request(box.action, options).then(function (answer) {
      return answer.json().then(function (told) {
        if (answer.ok) follow(box, told)
        else mend(box, line, told)
      })
    }).catch(function () { mend(box, line, { line: words.notSent }) }).then(function () { delete box.dataset.asking })
  }

  // what is wrong stands at its field; the ticket for the next try comes with it
  function mend (box, line, told) {
    box.querySelectorAll('.replydesk-fault').forEach(function (one) { one.remove() })
    box.querySelectorAll('[aria-invalid]').forEach(function (one) { one.removeAttribute('aria-invalid') })
    if (told.ticket) box.elements.ticket.value = told.ticket
    line.textContent = told.line || ''
    line.hidden = !told.line
    var first = null
    Object.keys(told.faults || {}).forEach(function (name) {
      var input = box.elements[name]
      var id = 'replydesk-' + name + '-fault'
      input.setAttribute('aria-invalid', 'true')
      input.setAttribute('aria-describedby', id)
      input.after(make('p', { id: id, className: 'replydesk-fault', textContent: told.faults[name] }))
      first = first || input
    })
    if (first) first.focus()
  }

  function follow (box, told) {
    var status = make('div', { className: 'replydesk-status', tabIndex: -1 })
    status.setAttribute('role', 'status')
    var own = make('blockquote', { textContent: box.elements.comment.value, dir: 'auto' })
    var another = make('button', { type: 'button', textContent: words.another })
    another.onclick = function () { place.textContent = ''; form() }
    place.textContent = ''
    place.append(status, own, another)
    status.focus()
    var looks = 0
    tell(told)

    function tell (told) {
      status.textContent = ''
      status.append(make('h2', { textContent: told.title }), make('p', { textContent: told.text }))
      if (told.help) status.append(make('p', { textContent: told.help, className: 'replydesk-help', dir: 'auto' }))
      status.append(make('a', { href: new URL(told.receipt, desk).href, textContent: told.may_appeal ? words.appeal : words.receipt, referrerPolicy: 'no-referrer' }))
      own.hidden = Boolean(told.comment)
      if (told.comment && !shown[told.comment.id]) {
        show(told.comment)
        counted(more.hidden)
        request(published, { cache: 'reload' }).catch(function () {}) // what the browser keeps of the thread lacks it
      }
      if (told.look_again) wait(told, looks ? told.look_again : 1)
    }

    function wait (told, seconds) {
      if (!status.isConnected || ++looks > LOOKS) return
      setTimeout(function () {
        request(new URL(told.ask, desk).href, { headers: { Accept: 'application/json' } }).then(function (answer) {
          if (answer.status === 200) return answer.json().then(tell)
          wait(told, told.look_again)
        }).catch(function () { wait(told, told.look_again) })
      }, seconds * 1000)
    }
  }

  function hidden (name, value) {
    return make('input', { type: 'hidden', name: name, value: value })
  }

  function field (box, name, kind, required, own) {
    var id = 'replydesk-' + name
    var input = make(kind, Object.assign({ id: id, name: name, required: required, dir: 'auto' }, own))
    box.append(make('label', { htmlFor: id, textContent: words[name] + (required ? ' *' : '') }), input)
  }

  function answering (one) {
    var box = place.querySelector('form')
    if (!box) return
    box.elements.parent_id.value = one.id
    var line = box.querySelector('.replydesk-answering')
    line.textContent = say(words.replying, one.name) + ' '
    var back = make('button', { type: 'button', textContent: words.alone })
    back.onclick = function () { box.elements.parent_id.value = ''; line.hidden = true }
    line.append(back)
    line.hidden = false
    box.elements.comment.focus()
  }

  function style () {
    return make('link', { rel: 'stylesheet', href: desk + '/embed.css' })
  }
})()
