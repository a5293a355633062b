// Runs npm's perspective-api-client against an installation: one JSON line a check on standard output.
//
//     node perspective_npm.js CLIENTS_DIRECTORY SERVICE_URL KEY
//
// The client has Google's address as a constant, so the request's host is exchanged where axios sends it.
'use strict';

const { createRequire } = require('module');
const [, , clients, service, key] = process.argv;
const load = createRequire(clients + '/');
const axios = load('axios');
const Perspective = load('perspective-api-client');

axios.interceptors.request.use((config) => {
  config.url = config.url.replace('https://commentanalyzer.googleapis.com', service);
  return config;
});

const RUDE = 'You are a stupid idiot 🤦. Have a lovely day!';
const client = (with_key = key) => new Perspective({ apiKey: with_key });
const refused = async (promise) => {
  try {
    await promise;
    return 'no error';
  } catch (error) {
    return error.message;
  }
};
const toxicity = (answer) => answer.attributeScores.TOXICITY.summaryScore.value;

const checks = {
  success: async () => toxicity(await client().analyze(RUDE)) > 0.5,
  'several attributes': async () =>
    Object.keys((await client().analyze(RUDE, { attributes: ['toxicity', 'insult', 'spam'] })).attributeScores)
      .sort()
      .join() === 'INSULT,SPAM,TOXICITY',
  'bad key': async () => (await refused(client('AIzaNotOurs').analyze(RUDE))).startsWith('API key not valid'),
  'empty text': async () => (await refused(client().analyze('', { validate: false }))) === 'Comment must be non-empty.',
  'too long': async () =>
    (await refused(client().analyze('a'.repeat(20481), { validate: false }))) === 'Comment text too long.',
  'text of 20 kB': async () => toxicity(await client().analyze('I like this new bridge over the river. '.repeat(500))) < 0.5,
  'unknown attribute': async () =>
    (await refused(client().analyze(RUDE, { attributes: ['flirtation'] }))) === 'Unknown requested attribute: FLIRTATION',
  'unsupported language': async () =>
    (await refused(client().analyze({ comment: { text: RUDE }, languages: ['es'] }))) ===
    'Attribute TOXICITY does not support request languages: es',
  'HTML is stripped': async () => toxicity(await client().analyze('<p>What a <b>lovely</b> bridge this is.</p>')) < 0.5,
  Unicode: async () => toxicity(await client().analyze('Ein schöner Tag an der Brücke, finde ich wirklich. 😀')) < 0.5,
  'spans with emoji': async () => {
    const answer = await client().analyze({ comment: { text: RUDE }, spanAnnotations: true });
    const spans = answer.attributeScores.TOXICITY.spanScores;
    return spans.map((one) => RUDE.slice(one.begin, one.end)).join('|') === 'You are a stupid idiot 🤦.|Have a lovely day!';
  },
};

(async () => {
  for (const [check, run] of Object.entries(checks)) {
    let outcome;
    try {
      outcome = await run();
    } catch (error) {
      outcome = `${error.name}: ${error.message}`;
    }
    console.log(JSON.stringify({ check, outcome }));
  }
})();
