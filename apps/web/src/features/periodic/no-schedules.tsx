import { Link } from '@tanstack/react-router';
import { CommandLine } from '../../ui/command-line.tsx';
import { Empty } from '../../ui/feedback.tsx';

const BODY = `{"cron": "30 6 * * MON-FRI", "timezone": "Europe/Berlin",
   "tasks": [{"spider": "SPIDER", "args": {"max_pages": "2"}}]}`;

/** What belongs here, and how the first comes to be. */
export function NoSchedules({ project }: { project: number }) {
  const lines = [
    `curl -u APIKEY: ${location.origin}/console/projects/${project}/schedules \\`,
    "  -H 'Content-Type: application/json' -d '",
    `  ${BODY}'`,
  ];
  return (
    <Empty title="Nothing runs by itself yet">
      <p>
        A periodic job starts spiders at times that an expression names, in a time zone of yours. Each planned
        time gets a line here: the jobs that it started, or the reason why it did not.
      </p>
      <p>
        <Link to="/p/$project/periodic/new" params={{ project }}>
          Plan the first one
        </Link>
        , or from a script:
      </p>
      <CommandLine text={lines.join('\n')} />
    </Empty>
  );
}
