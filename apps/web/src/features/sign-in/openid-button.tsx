import { useMutation } from '@tanstack/react-query';
import { beginOpenId } from '../../api/session.ts';
import { ErrorPanel } from '../../ui/feedback.tsx';

interface OpenIdButtonProps {
  /** What people call the provider. */
  name: string;
  /** The token of an invitation, to take along. */
  invitation?: string;
}

/** Goes to the provider, which sends the browser back signed in, or here with the reason. */
export function OpenIdButton({ name, invitation }: OpenIdButtonProps) {
  const going = useMutation({
    mutationFn: () => beginOpenId({ body: invitation === undefined ? {} : { invitation } }),
    onSuccess: ({ url }) => location.assign(url),
  });
  return (
    <div className="stack">
      <button
        type="button"
        className="button"
        disabled={going.isPending || going.isSuccess}
        onClick={() => going.mutate()}
      >
        <span className="cut">Sign in with {name}</span>
      </button>
      {going.error && <ErrorPanel error={going.error} />}
    </div>
  );
}
