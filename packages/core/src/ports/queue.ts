import type { Ticket } from './dispatch-store.ts';

/** Carries tickets from the leader to whichever worker has a free slot. */
export interface TicketSender {
  /** Adding a ticket that is still there does nothing; one that was lost is restored. Rejects when the carrier is away. */
  send(tickets: Ticket[]): Promise<void>;
}
