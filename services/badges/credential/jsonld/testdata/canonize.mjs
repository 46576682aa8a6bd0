// Canonicalizes the documents of the file DOCUMENTS, one a line, with jsonld.js, and prints for
// each the SHA-256 of its canonical form, or "error: ..." where the library refuses it in safe mode.
// CONTEXTS is a file with the contexts by address. No network.
import fs from 'node:fs';
import crypto from 'node:crypto';
import jsonld from 'jsonld';

const contexts = JSON.parse(fs.readFileSync(process.env.CONTEXTS, 'utf8'));
async function documentLoader(url) {
  if(!contexts[url]) {
    throw new Error(`not embedded: ${url}`);
  }
  return {contextUrl: null, documentUrl: url, document: contexts[url]};
}

for(const line of fs.readFileSync(process.env.DOCUMENTS, 'utf8').split('\n').filter(Boolean)) {
  try {
    const text = await jsonld.canonize(JSON.parse(line), {
      algorithm: 'RDFC-1.0', format: 'application/n-quads', safe: true, base: null, documentLoader
    });
    console.log(crypto.createHash('sha256').update(text).digest('hex'));
  } catch(e) {
    console.log(`error: ${e.message} ${e.details?.event?.code ?? ''} ${JSON.stringify(e.details?.event?.details?.property ?? '')}`.replaceAll('\n', ' '));
  }
}
