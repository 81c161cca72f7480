import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { type Rule, removeRule } from '../../api/rules.ts';
import { mayNot, useProject } from '../../lib/me.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { ErrorPanel, Pending } from '../../ui/feedback.tsx';
import { Page } from '../../ui/page.tsx';
import { Ago } from '../../ui/time.tsx';
import { toast } from '../../ui/toasts.tsx';
import { Firings } from './firings.tsx';
import { ruleQuery, useAddresses, useReadAgain, useSwitch } from './queries.ts';
import { RuleForm } from './rule-form.tsx';
import { actionWords, whenWords } from './sentence.ts';

const route = getRouteApi('/inside/p/$project/rules/$rule');

/** One rule: what it says, and what it did. */
export default function RulePage() {
  const { project, rule } = route.useParams();
  const query = useQuery(ruleQuery(project, rule));
  const addresses = useAddresses(project);
  if (!query.data) {
    return (
      <Page title={`Rule ${rule}`}>
        <Pending query={query} />
        {query.error && (
          <Link to="/p/$project/rules" params={{ project }}>
            All rules
          </Link>
        )}
      </Page>
    );
  }
  const { name, when, action, disabled, createdBy, createdAt } = query.data;
  return (
    <Page
      title={name}
      facts={disabled && <span className="warned">disabled</span>}
      actions={<Actions project={project} rule={query.data} />}
    >
      {query.error && <ErrorPanel error={query.error} />}
      <div className="panel padded stack tight">
        <p className="anywhere">
          {whenWords(when)}, {actionWords(action, addresses)}.
        </p>
        <p className="dim anywhere">
          By <bdi>{createdBy}</bdi>, <Ago at={createdAt} />
        </p>
      </div>
      <Firings project={project} rule={rule} />
    </Page>
  );
}

function Actions({ project, rule }: { project: number; rule: Rule }) {
  const navigate = useNavigate();
  const again = useReadAgain(project);
  const refusal = mayNot(useProject(project)?.role, 'develop');
  const switching = useSwitch(project);
  const [asked, ask] = useState<'change' | 'remove' | null>(null);
  const removing = useMutation({
    mutationFn: () => removeRule({ params: { project, rule: rule.id } }),
    onSuccess: async () => {
      toast('The rule is deleted');
      await navigate({ to: '/p/$project/rules', params: { project } });
      await again();
    },
  });
  const common = { type: 'button' as const, disabled: refusal !== null, title: refusal ?? undefined };
  return (
    <>
      <button {...common} className="button danger" onClick={() => ask('remove')}>
        Delete
      </button>
      <button {...common} className="button" onClick={() => switching.mutate(rule)}>
        {rule.disabled ? 'Enable' : 'Disable'}
      </button>
      <button {...common} className="button" onClick={() => ask('change')}>
        Change
      </button>
      {asked === 'change' && (
        <RuleForm
          project={project}
          rule={rule}
          onClose={() => ask(null)}
          onSaved={async () => {
            ask(null);
            toast('The rule is changed');
            await again();
          }}
        />
      )}
      {asked === 'remove' && (
        <Confirm
          title="Delete this rule?"
          verb="Delete it"
          isBusy={removing.isPending}
          error={removing.error}
          onClose={() => ask(null)}
          onConfirm={() => removing.mutate()}
        >
          <p>What it did is forgotten with it. Jobs that it made stay.</p>
        </Confirm>
      )}
    </>
  );
}
