import { useQuery } from '@tanstack/react-query';
import { ChevronLeft, ChevronRight } from 'lucide-react';
import { type JobAddress, readItem } from '../../../api/jobs.ts';
import { bytes } from '../../../lib/format.ts';
import { CopyButton } from '../../../ui/command-line.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { Pending } from '../../../ui/feedback.tsx';
import { JsonTree } from '../../../ui/json-tree.tsx';

interface ItemDialogProps {
  address: JobAddress;
  attempt: number | undefined;
  n: number;
  end: number;
  onGo: (n: number | undefined) => void;
}

/** One item, whole. */
export function ItemDialog({ address, attempt, n, end, onGo }: ItemDialogProps) {
  const item = useQuery({
    queryKey: ['job', address.project, address.spider, address.job, 'item', attempt, n],
    queryFn: () =>
      readItem({
        params: { ...address, record: n },
        query: attempt === undefined ? {} : { attempt },
      }),
  });
  const fields = item.data?.fields ?? [];
  const text = `{${fields.map(({ name, text: value }) => `${JSON.stringify(name)}: ${value}`).join(', ')}}`;
  return (
    <Dialog open wide onClose={() => onGo(undefined)} title={`Item ${n}`}>
      <div className="body stack">
        <Pending query={item} rows={4} />
        <dl className="facts">
          {fields.map(({ name, text: value, size }) => (
            <div key={name} className="fact">
              <dt className="mono">{name}</dt>
              <dd className="mono">
                <JsonTree text={value} />
                {size > new Blob([value]).size && <span className="dim"> … {bytes(size)} in all</span>}
              </dd>
            </div>
          ))}
        </dl>
      </div>
      <footer>
        <CopyButton text={text} label="Copy the item" />
        <span className="push" />
        <button type="button" className="button" disabled={n === 0} onClick={() => onGo(n - 1)}>
          <ChevronLeft size={14} /> Before
        </button>
        <button type="button" className="button" disabled={n >= end - 1} onClick={() => onGo(n + 1)}>
          Next <ChevronRight size={14} />
        </button>
      </footer>
    </Dialog>
  );
}
