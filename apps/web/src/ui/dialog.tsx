import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { type ReactNode, useRef } from 'react';

interface DialogProps {
  open: boolean;
  onClose?: (() => void) | undefined;
  title: string;
  children: ReactNode;
  wide?: boolean;
}

const FIELD = '.body :is(input, select, textarea):enabled';

/** Lies over the page, holds the focus, and gives it back. Without `onClose` it stays until its work is done. */
export function Dialog({ open, onClose, title, children, wide = false }: DialogProps) {
  const popup = useRef<HTMLDivElement>(null);
  return (
    <Base.Root open={open} onOpenChange={(opens) => !opens && onClose?.()}>
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Popup
          ref={popup}
          className={wide ? 'dialog wide' : 'dialog'}
          initialFocus={(openedBy) =>
            (openedBy !== 'touch' && popup.current?.querySelector<HTMLElement>(FIELD)) || true
          }
        >
          <header>
            <Base.Title className="grow">{title}</Base.Title>
            {onClose && (
              <Base.Close className="button quiet icon" aria-label="Close">
                <X size={16} />
              </Base.Close>
            )}
          </header>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
