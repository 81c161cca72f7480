import { useQuery } from '@tanstack/react-query';
import { type JobAddress, readField } from '../../../api/jobs.ts';
import { count, percent } from '../../../lib/format.ts';
import { Dialog } from '../../../ui/dialog.tsx';
import { Pending } from '../../../ui/feedback.tsx';
import { RawValue } from '../../../ui/json-tree.tsx';

interface FieldDialogProps {
  address: JobAddress;
  attempt: number | undefined;
  name: string;
  onClose: () => void;
}

/** What the values of a field look like, over a sample. */
export function FieldDialog({ address, attempt, name, onClose }: FieldDialogProps) {
  const field = useQuery({
    queryKey: ['job', address.project, address.spider, address.job, 'field', attempt, name],
    queryFn: () =>
      readField({
        params: { ...address },
        query: { name, ...(attempt !== undefined && { attempt }) },
      }),
  });
  const { data } = field;
  const share = (value: number) => percent(value / Math.max(1, data?.sample ?? 1));
  return (
    <Dialog open onClose={onClose} title={`Field ${name}`}>
      <div className="body stack">
        <Pending query={field} rows={4} />
        {data && (
          <>
            <p className="dim">Of a sample of {count(data.sample)} items:</p>
            <dl className="facts">
              <dt>there</dt>
              <dd>{share(data.present)}</dd>
              <dt>empty</dt>
              <dd>{share(data.empty)}</dd>
              <dt>types</dt>
              <dd>{data.types.map(({ type, count: times }) => `${type} ${count(times)}`).join(', ')}</dd>
              {data.length && (
                <>
                  <dt>length</dt>
                  <dd>
                    {count(data.length.least)} to {count(data.length.most)}, half below{' '}
                    {count(data.length.median)}
                  </dd>
                </>
              )}
              <dt>different values</dt>
              <dd>{count(data.distinct)}</dd>
            </dl>
            <h3>Most frequent</h3>
            <table className="table">
              <tbody>
                {data.frequent.map(({ text, count: times }) => (
                  <tr key={text}>
                    <td className="wrap mono">
                      <RawValue text={text} />
                    </td>
                    <td className="number">{count(times)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </>
        )}
      </div>
    </Dialog>
  );
}
