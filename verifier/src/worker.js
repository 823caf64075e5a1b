// The worker of the page: takes the bytes of the files, runs every check, tells of each as it begins, and gives the result.
// It has no network (the page's policy gives it none) and keeps nothing.

import { sha256 } from '@noble/hashes/sha2.js';
import { plain } from './machine.js';
import { verify } from './verify.js';

const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

self.onmessage = ({ data }) => {
  const { evidence, policy, parties, predecessor, expect } = data;
  const digests = {};
  for (const [name, bytes] of Object.entries({ evidence, policy, parties, predecessor })) {
    if (bytes) digests[name] = hexOf(sha256(bytes));
  }
  try {
    const text = (bytes) => (bytes ? new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) : null);
    const texts = {};
    for (const [input, bytes] of Object.entries({ policy, parties })) {
      try {
        texts[input] = text(bytes);
      } catch {
        self.postMessage({ result: { verdict: 'unusable', input, detail: 'not UTF-8' }, digests });
        return;
      }
    }
    const onProgress = (check) => self.postMessage({ progress: String(check) });
    const result = verify({ evidence, policy: texts.policy, parties: texts.parties, predecessor, expect, onProgress });
    self.postMessage({ result: plain(result), digests });
  } catch (error) {
    // A fault of this program, not of the file: said as what it is, and never as a verdict.
    self.postMessage({ fault: String(error?.stack ?? error), digests });
  }
};
