// Which file is which: evidence, trust policy, parties; and of two evidence files, which is the attempt before.
// A guess by content for files dropped together; the four inputs take what they are given. Nothing here decides a verdict.

const decode = (bytes) => new TextDecoder('utf-8').decode(bytes);

/** `evidence`, `policy`, `parties`, or null for a file that is none of them. */
export function kindOf(bytes) {
  if (bytes[0] === 0x7b) return 'evidence';
  if (bytes.length > 65536) return null;
  const lines = decode(bytes).split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.some((line) => /^(log|witness|group|quorum)\s/.test(line))) return 'policy';
  if (lines.some((line) => /^(\[|[a-z_]+\s*=)/.test(line))) return 'parties';
  return null;
}

/** Alpha of an evidence file and the alpha of the attempt before it, as the file itself says; empty when it does not. */
export function attemptOf(bytes) {
  try {
    const file = JSON.parse(decode(bytes));
    const notes = (file.entries ?? []).map((entry) => String(entry.note));
    const committed = notes.map((note) => note.split('\n')).flat().find((line) => line.includes('"type":"draw.committed"'));
    const predecessor = committed ? JSON.parse(committed).predecessor : undefined;
    return { alpha: file.alpha, predecessor };
  } catch {
    return {};
  }
}

/** Two evidence files in order: the later attempt first. Files that do not name each other stay as they came. */
export function laterFirst(first, second) {
  const [one, two] = [attemptOf(first.bytes), attemptOf(second.bytes)];
  return two.predecessor !== undefined && two.predecessor === one.alpha ? [second, first] : [first, second];
}
