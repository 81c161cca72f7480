import { useState } from 'react';

/**
 * The secret part of a link. It stands behind the `#`, which is sent nowhere, and is taken out of the address bar, so that
 * it is in no history and no screenshot.
 */
export function useToken(): string | null {
  const [token] = useState(() => {
    const found = new URLSearchParams(location.hash.slice(1)).get('token');
    if (found !== null) history.replaceState(history.state, '', location.pathname + location.search);
    return found;
  });
  return token;
}
