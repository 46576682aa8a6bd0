// Reads the status of a credential with the npm library of the working folder. INPUT names a file with
// {credential, lists: {address: list credential}}. Prints {"verified": true|false, "statuses": {purpose: bit}, "error": "..."}.
// No network: lists come from the file and contexts from npm packages.
import fs from 'node:fs';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {contexts} from '@digitalbazaar/credentials-context';

const {credential, lists} = JSON.parse(fs.readFileSync(process.env.INPUT, 'utf8'));

const multikey = {'@context': {'@protected': true, id: '@id', type: '@type',
  Multikey: {'@id': 'https://w3id.org/security#Multikey', '@context': {'@protected': true, id: '@id', type: '@type',
    controller: {'@id': 'https://w3id.org/security#controller', '@type': '@id'},
    publicKeyMultibase: {'@id': 'https://w3id.org/security#publicKeyMultibase',
      '@type': 'https://w3id.org/security#multibase'}}}}};

function key(url) {
  const [did, fragment] = url.split('#');
  const publicKeyMultibase = did.slice('did:key:'.length);
  const method = {'@context': 'https://w3id.org/security/multikey/v1', id: `${did}#${publicKeyMultibase}`,
    type: 'Multikey', controller: did, publicKeyMultibase};
  return fragment ? method : {'@context': 'https://www.w3.org/ns/did/v1', id: did,
    verificationMethod: [method], assertionMethod: [method.id]};
}

const known = new Map([...contexts, ...Object.entries(lists), ['https://w3id.org/security/multikey/v1', multikey]]);

async function documentLoader(url) {
  const document = url.startsWith('did:key:') ? key(url) : known.get(url);
  if(!document) {
    throw new Error(`not at hand: ${url}`);
  }
  return {contextUrl: null, documentUrl: url, document};
}

const result = await checkStatus({credential, documentLoader, suite: new DataIntegrityProof({cryptosuite})});
const statuses = Object.fromEntries((result.results ?? []).map(r => [r.credentialStatus.statusPurpose, r.status]));
console.log(JSON.stringify({verified: result.verified, statuses, error: result.error?.message}));
