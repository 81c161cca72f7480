import { type ReactElement, type ReactNode, useId } from 'react';
import { ApiError } from '../api/client.ts';

interface FieldProps {
  label: string;
  hint?: ReactNode;
  problem?: string | undefined;
  children: (props: {
    id: string;
    'aria-invalid': boolean;
    'aria-describedby': string | undefined;
  }) => ReactElement;
}

/** A control with its name, a hint, and what is wrong with it. */
export function Field({ label, hint, problem, children }: FieldProps) {
  const id = useId();
  const described = problem || hint ? `${id}-more` : undefined;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-invalid': Boolean(problem), 'aria-describedby': described })}
      {described && (
        <div id={described} className={problem ? 'small problem' : 'small dim'}>
          {problem ?? hint}
        </div>
      )}
    </div>
  );
}

/** What the service says about one of the fields of a form. */
export function problemOf(error: unknown, field: string): string | undefined {
  return error instanceof ApiError && error.field === field ? error.message : undefined;
}

/** An error that belongs to none of a form's fields. */
export function isOfNoField(error: unknown, fields: readonly string[]): boolean {
  return Boolean(error) && !(error instanceof ApiError && error.field && fields.includes(error.field));
}
