import { focusManager, keepPreviousData, QueryClient, useQueryClient } from '@tanstack/react-query';
import { ApiError } from '../api/client.ts';
import { stir } from './live/stirring.ts';

const MAX_TRIES = 3;

/** Who comes back from another window sees what is, also where both were in sight all the time. */
focusManager.setEventListener((look) => {
  const back = () => look();
  window.addEventListener('focus', back);
  document.addEventListener('visibilitychange', back);
  return () => {
    window.removeEventListener('focus', back);
    document.removeEventListener('visibilitychange', back);
  };
});

/** What the page has read. Old data stay on screen while new ones come. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // What cannot be reached says so, whatever the browser thinks of the network.
      networkMode: 'always',
      staleTime: 2000,
      placeholderData: keepPreviousData,
      refetchOnWindowFocus: true,
      // A refusal stays one; an answer that did not come may come.
      retry: (tries, error) => {
        if (!(error instanceof ApiError)) return false;
        return (error.status === 0 || error.status === 503) && tries < MAX_TRIES;
      },
    },
    mutations: { networkMode: 'always', retry: false },
  },
});

/** For queries whose data of another key would be taken for their own: they begin with nothing. */
export const nothingBefore = () => undefined;

/** What is read of things of a project: all of them by the first key, and each of them by the second. */
export type ReadKeys = readonly [all: string, one: string];

/** After a change: the list of such things, and all about one of them, are read again. */
export function useReadAgain(project: number, keys: ReadKeys): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    // Something follows from it, such as the delivery of a message.
    stir(project);
    await Promise.all(keys.map((key) => client.invalidateQueries({ queryKey: [key, project] })));
  };
}
