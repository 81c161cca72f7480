import { Plus } from 'lucide-react';
import { problemOf } from '../../ui/field.tsx';
import {
  ArgumentRows,
  MoreFields,
  PriorityField,
  SpiderField,
  UnitsField,
} from '../../ui/run/task-fields.tsx';
import { useOffers } from '../../ui/run/use-offers.ts';
import { newTask, type TaskDraft } from './draft.ts';

interface TasksProps {
  project: number;
  tasks: readonly TaskDraft[];
  onChange: (tasks: TaskDraft[]) => void;
  error: unknown;
}

/** The jobs that are started each time. */
export function TasksEditor({ project, tasks, onChange, error }: TasksProps) {
  const problem = problemOf(error, 'tasks');
  return (
    <section className="panel padded stack" aria-labelledby="what">
      <h2 id="what">What</h2>
      {problem && (
        <p className="bad" role="alert">
          {problem}
        </p>
      )}
      {tasks.map((task, i) => (
        <TaskEditor
          key={task.id}
          project={project}
          task={task}
          error={error}
          title={tasks.length > 1 ? `Job ${i + 1}` : null}
          onChange={(next) => onChange(tasks.map((each) => (each.id === next.id ? next : each)))}
          onRemove={
            tasks.length > 1 ? () => onChange(tasks.filter((each) => each.id !== task.id)) : undefined
          }
        />
      ))}
      <div>
        <button type="button" className="button" onClick={() => onChange([...tasks, newTask()])}>
          <Plus size={14} /> Add another job
        </button>
      </div>
    </section>
  );
}

interface TaskProps {
  project: number;
  task: TaskDraft;
  title: string | null;
  error: unknown;
  onChange: (task: TaskDraft) => void;
  onRemove: (() => void) | undefined;
}

function TaskEditor({ project, task, title, error, onChange, onRemove }: TaskProps) {
  const offers = useOffers(project, task.spider);
  const set = (change: Partial<TaskDraft>) => onChange({ ...task, ...change });
  return (
    <fieldset className="task stack" aria-label={title ?? 'The job'}>
      {title && (
        <div className="row apart">
          <h3>{title}</h3>
          <button type="button" className="button quiet" onClick={onRemove}>
            Remove
          </button>
        </div>
      )}
      <SpiderField draft={task} set={set} error={error} offers={offers} />
      <ArgumentRows args={task.args} onChange={(args) => set({ args })} offers={offers} error={error} />
      <div className="three">
        <PriorityField priority={task.priority} onChange={(priority) => set({ priority })} />
        <UnitsField draft={task} set={set} error={error} />
      </div>
      <MoreFields draft={task} set={set} error={error} />
    </fieldset>
  );
}
