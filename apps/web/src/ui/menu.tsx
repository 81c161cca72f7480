import { Menu as Base } from '@base-ui/react/menu';
import type { ReactElement, ReactNode } from 'react';

/** A button that opens a list of things to do or places to go. */
export function Menu({
  trigger,
  children,
  label,
}: {
  trigger: ReactNode;
  children: ReactNode;
  label?: string;
}) {
  return (
    <Base.Root>
      <Base.Trigger className="button quiet" aria-label={label}>
        {trigger}
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={4} align="start">
          <Base.Popup className="menu">{children}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

export function MenuItem({
  onSelect,
  children,
  disabled = false,
  render,
}: {
  onSelect?: () => void;
  children: ReactNode;
  disabled?: boolean;
  render?: ReactElement;
}) {
  return (
    <Base.Item className="item" onClick={onSelect} disabled={disabled} {...(render && { render })}>
      {children}
    </Base.Item>
  );
}

/** A file to fetch. */
export function MenuDownload({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Base.Item className="item" render={(props) => <a {...props} href={href} download />}>
      {children}
    </Base.Item>
  );
}

/** One of several: the chosen one has a mark. */
export function MenuChoice<T extends string>({
  title,
  value,
  choices,
  onChange,
}: {
  title: string;
  value: T;
  choices: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}) {
  return (
    <Base.RadioGroup value={value} onValueChange={(next: T) => onChange(next)}>
      <div className="heading">{title}</div>
      {choices.map(([each, words]) => (
        <Base.RadioItem key={each} value={each} className="item" closeOnClick={false}>
          <span className="grow">{words}</span>
          {each === value && <span aria-hidden="true">✓</span>}
        </Base.RadioItem>
      ))}
    </Base.RadioGroup>
  );
}

export const MenuRule = () => <div className="rule" />;
