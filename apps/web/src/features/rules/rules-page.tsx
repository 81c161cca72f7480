import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import type { Rule } from '../../api/rules.ts';
import { useKeys } from '../../lib/keys.ts';
import { mayNot, useProject } from '../../lib/me.ts';
import { CommandLine } from '../../ui/command-line.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Empty, Pending } from '../../ui/feedback.tsx';
import { Page } from '../../ui/page.tsx';
import { Ago } from '../../ui/time.tsx';
import { toast } from '../../ui/toasts.tsx';
import { rulesQuery, useAddresses, useReadAgain, useSwitch } from './queries.ts';
import { RuleForm } from './rule-form.tsx';
import { actionWords, whenWords } from './sentence.ts';

const route = getRouteApi('/inside/p/$project/rules/');

/** What follows when jobs end. */
export default function RulesPage() {
  const { project } = route.useParams();
  const navigate = useNavigate();
  const again = useReadAgain(project);
  const refusal = mayNot(useProject(project)?.role, 'develop');
  const query = useQuery(rulesQuery(project));
  const switching = useSwitch(project);
  const addresses = useAddresses(project);
  const [isMaking, make] = useState(false);
  useKeys([{ keys: 'n', what: 'New rule', run: () => make(refusal === null) }]);
  const open = (rule: number) => navigate({ to: '/p/$project/rules/$rule', params: { project, rule } });
  const list = query.data?.rules;
  return (
    <Page
      title="Rules"
      actions={
        <button
          type="button"
          className="button primary"
          disabled={refusal !== null}
          title={refusal ?? undefined}
          onClick={() => make(true)}
        >
          <Plus size={14} /> New rule
        </button>
      }
    >
      <Pending query={query} />
      {list?.length === 0 && <NoRules project={project} />}
      {list && list.length > 0 && (
        <DataTable
          label="Rules"
          rows={list}
          keyOf={({ id }) => String(id)}
          columns={columnsOf({ project, refusal, addresses, turn: switching.mutate })}
          onOpen={({ id }) => void open(id)}
          classOf={({ disabled }) => (disabled ? 'left' : undefined)}
          reserve={190}
        />
      )}
      {isMaking && (
        <RuleForm
          project={project}
          onClose={() => make(false)}
          onSaved={async ({ id }) => {
            make(false);
            toast('The rule is made');
            await again();
            await open(id);
          }}
        />
      )}
    </Page>
  );
}

interface Acts {
  project: number;
  refusal: string | null;
  addresses: ReadonlyMap<number, string>;
  turn: (rule: Rule) => void;
}

function columnsOf({ project, refusal, addresses, turn }: Acts): Column<Rule>[] {
  return [
    {
      id: 'name',
      head: 'Rule',
      sortBy: ({ name }) => name,
      cell: ({ id, name }) => (
        <Link to="/p/$project/rules/$rule" params={{ project, rule: id }} className="hit strong" title={name}>
          <span className="cut" style={{ maxWidth: 240 }}>
            {name}
          </span>
        </Link>
      ),
    },
    { id: 'when', head: 'When', cell: ({ when }) => <Words text={whenWords(when).replace(/^When /, '')} /> },
    {
      id: 'then',
      head: 'Then',
      isWide: true,
      cell: ({ action }) => <Words text={actionWords(action, addresses)} />,
    },
    {
      id: 'by',
      head: 'By',
      cell: ({ createdBy, createdAt }) => (
        <span className="row tight" style={{ flexWrap: 'nowrap' }}>
          <span className="cut" style={{ maxWidth: 120 }} title={createdBy}>
            {createdBy}
          </span>
          <span className="dim small">
            <Ago at={createdAt} />
          </span>
        </span>
      ),
    },
    {
      id: 'act',
      head: '',
      cell: (rule) => (
        <button
          type="button"
          className="button quiet"
          disabled={refusal !== null}
          title={refusal ?? undefined}
          aria-label={`${rule.disabled ? 'Enable' : 'Disable'}: ${rule.name}`}
          onClick={() => turn(rule)}
        >
          {rule.disabled ? 'Enable' : 'Disable'}
        </button>
      ),
    },
  ];
}

function Words({ text }: { text: string }) {
  return (
    <span className="cut" style={{ maxWidth: 300, display: 'inline-block' }} title={text}>
      {text}
    </span>
  );
}

function NoRules({ project }: { project: number }) {
  const lines = [
    `curl -u APIKEY: ${location.origin}/console/projects/${project}/rules \\`,
    "  -H 'Content-Type: application/json' -d '",
    '  {"name": "clean what was crawled", "when": {"spiders": ["SPIDER"], "outcomes": ["finished"]},',
    '   "action": {"channel": "run", "spider": "OTHER", "args": {"source": "{{job.key}}"}}}\'',
  ];
  return (
    <Empty title="Nothing follows yet when jobs end">
      <p>
        A rule watches how jobs end, and then runs another one, or tells somebody: a webhook, or a channel of
        Slack. So a crawl is followed by its cleaning, and a run without items by a message.
      </p>
      <p>Make one above, or from a script:</p>
      <CommandLine text={lines.join('\n')} />
    </Empty>
  );
}
