import { useQuery } from '@tanstack/react-query';
import { listSchedules } from '../../api/schedules.ts';
import { Field } from '../../ui/field.tsx';
import type { Draft } from './draft.ts';

interface SilenceProps {
  project: number;
  draft: Draft;
  set: (change: Partial<Draft>) => void;
}

const MAX_HOURS = 24 * 366;

/** For how long nothing has to run, and which runs count. */
export function SilenceFields({ project, draft, set }: SilenceProps) {
  const { data } = useQuery({
    queryKey: ['schedules', project],
    queryFn: ({ signal }) => listSchedules({ params: { project } }, { signal }),
    retry: false,
  });
  return (
    <>
      <div className="three">
        <Field label="For so many hours">
          {(props) => (
            <input
              {...props}
              type="number"
              min={1}
              max={MAX_HOURS}
              step={1}
              required
              className="input"
              value={draft.hours}
              onChange={(event) => set({ hours: event.target.value })}
            />
          )}
        </Field>
        <Field label="A run counts">
          {(props) => (
            <select
              {...props}
              className="select"
              value={draft.of}
              onChange={(event) => set({ of: event.target.value as Draft['of'] })}
            >
              <option value="end">when it ends</option>
              <option value="start">when it starts</option>
            </select>
          )}
        </Field>
        <Field label="Of this periodic job">
          {(props) => (
            <select
              {...props}
              className="select"
              value={draft.schedule}
              onChange={(event) => set({ schedule: event.target.value })}
            >
              <option value="">any run</option>
              {data?.schedules.map(({ id, description, cron }) => (
                <option key={id} value={id}>
                  {description || cron} ({id})
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <label className="row tight" style={{ minHeight: 24 }}>
        <input
          type="checkbox"
          className="check"
          checked={draft.recovery}
          onChange={(event) => set({ recovery: event.target.checked })}
        />
        Tell when it runs again, too
      </label>
    </>
  );
}
