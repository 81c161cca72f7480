import { Check, Copy } from 'lucide-react';
import { useState } from 'react';

const SHOWN_MS = 1500;

/** Copies a text, and says that it did. */
export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [isCopied, setCopied] = useState(false);
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      return;
    }
    setCopied(true);
    setTimeout(() => setCopied(false), SHOWN_MS);
  }
  return (
    <button
      type="button"
      className="button quiet icon"
      onClick={() => void copy()}
      aria-label={isCopied ? 'Copied' : label}
      title={label}
    >
      {isCopied ? <Check size={14} /> : <Copy size={14} />}
    </button>
  );
}

/** Lines to paste into a terminal or a program. */
export function CommandLine({ text, label = 'Copy these lines' }: { text: string; label?: string }) {
  return (
    <div className="command">
      <pre>{text}</pre>
      <CopyButton text={text} label={label} />
    </div>
  );
}
