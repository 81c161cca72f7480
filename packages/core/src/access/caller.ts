import { DomainError } from '../errors.ts';
import type { Access, Account, Reach, Target } from './access.ts';
import type { Action } from './actions.ts';
import type { Principal, Project } from './principal.ts';

/**
 * Who calls, as an operation sees it: a name, and the questions that it may ask the door. What a principal is stays
 * here, and so does which action is asked for.
 */
export class Caller {
  /** Shown in `scheduled_by` and its siblings. */
  readonly name: string;
  /** Whether the door was asked: an operation that answers without it has forgotten to. */
  hasAsked = false;
  readonly #access: Access;
  readonly #who: Principal;
  readonly #action: Action;

  constructor(access: Access, who: Principal, action: Action) {
    this.name = who.name;
    this.#access = access;
    this.#who = who;
    this.#action = action;
  }

  /** Throws what `Access.may` throws. `action`: another one than the operation's own, where it does more than usual. */
  may(target: Target, action = this.#action): Promise<Project> {
    this.hasAsked = true;
    return this.#access.may(this.#who, action, target);
  }

  /** The same for several, none included. */
  async mayEach(targets: readonly Target[]): Promise<void> {
    this.hasAsked = true;
    for (const target of targets) await this.may(target);
  }

  /** Whether `may` would let it pass: for what an answer shows. */
  async allows(action: Action, target: Target): Promise<boolean> {
    try {
      await this.#access.may(this.#who, action, target);
      return true;
    } catch (error) {
      if (error instanceof DomainError && error.kind !== 'unavailable') return false;
      throw error;
    }
  }

  everywhere(): readonly number[] | null {
    this.hasAsked = true;
    return this.#access.everywhere(this.#who, this.#action);
  }

  account(): Account {
    this.hasAsked = true;
    return this.#access.account(this.#who, this.#action);
  }

  reach(action = this.#action): Reach {
    this.hasAsked = true;
    return this.#access.reach(this.#who, action);
  }
}
