import { useState } from 'react';
import { plain, type RawNode, readRaw } from '../lib/raw-json.ts';

const MAX_SHOWN = 200;
const OPEN_DEPTH = 2;

/** JSON text as a tree. What is no JSON, or was cut, is shown as it is. */
export function JsonTree({ text }: { text: string }) {
  const node = readRaw(text);
  if (node === null || node.kind === 'value') return <RawValue text={text} />;
  return (
    <div className="tree mono">
      <Node node={node} depth={0} />
    </div>
  );
}

function kindOf(text: string): string {
  if (text.startsWith('"')) return 'string';
  return /^-?\d/.test(text) ? 'number-value' : 'word';
}

/** Strings without their quotes, everything else to the letter. */
export function RawValue({ text }: { text: string }) {
  return <span className={`raw ${kindOf(text)}`}>{plain(text)}</span>;
}

function Node({ node, depth }: { node: RawNode; depth: number }) {
  const [isOpen, setOpen] = useState(depth < OPEN_DEPTH);
  const [limit, setLimit] = useState(MAX_SHOWN);
  if (node.kind === 'value') return <RawValue text={node.text} />;
  const children: [string, RawNode][] =
    node.kind === 'object' ? node.entries : node.items.map((item, i): [string, RawNode] => [String(i), item]);
  const brackets = node.kind === 'object' ? '{}' : '[]';
  return (
    <>
      <button type="button" className="tree-fold" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? '▾' : '▸'} {brackets[0]}
        {children.length}
        {brackets[1]}
      </button>
      {isOpen && (
        <ul>
          {children.slice(0, limit).map(([name, child], i) => (
            // Names may come twice, so their place tells them apart.
            // biome-ignore lint/suspicious/noArrayIndexKey: see above
            <li key={i}>
              <span className="dim">
                <bdi>{name}</bdi>:{' '}
              </span>
              <Node node={child} depth={depth + 1} />
            </li>
          ))}
          {children.length > limit && (
            <li>
              <button type="button" className="button" onClick={() => setLimit(limit + MAX_SHOWN)}>
                {children.length - limit} more
              </button>
            </li>
          )}
        </ul>
      )}
    </>
  );
}
