import { keepPreviousData, QueryClient } from '@tanstack/react-query';
import { ApiError } from '../api/client.ts';

const MAX_TRIES = 3;

/** What the page has read. Old data stay on screen while new ones come. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2000,
      placeholderData: keepPreviousData,
      refetchOnWindowFocus: true,
      // A refusal stays one; an answer that did not come may come.
      retry: (tries, error) => {
        if (!(error instanceof ApiError)) return false;
        return (error.status === 0 || error.status === 503) && tries < MAX_TRIES;
      },
    },
    mutations: { retry: false },
  },
});

/** For queries whose data of another key would be taken for their own: they begin with nothing. */
export const nothingBefore = () => undefined;
