import type { AuditPlace } from '../audit/audit.ts';
import { DomainError } from '../errors.ts';
import type { Rates } from '../limits/rates.ts';
import type { Access, Account, Reach, Target, Visitor } from './access.ts';
import type { Action } from './actions.ts';
import { type Actor, actorOf } from './actor.ts';
import type { Manager } from './memberships.ts';
import type { Principal, Project } from './principal.ts';
import type { Role } from './roles.ts';

const NOWHERE: Visitor = { address: null, client: null };

/**
 * Who calls, as an operation sees it: a name, and the questions that it may ask the door. What a principal is stays
 * here, and so does which action is asked for.
 */
export class Caller {
  /** Shown in `scheduled_by` and its siblings. */
  readonly name: string;
  /** The same for functions that change something. */
  readonly actor: Actor;
  /** Whether the door was asked: an operation that answers without it has forgotten to. */
  hasAsked = false;
  /** What was asked about projects and jobs: an answer that goes on asks it again and again. */
  readonly asked: [target: Target, action: Action][] = [];
  readonly #access: Access;
  readonly #who: Principal;
  readonly #action: Action;
  readonly #rates: Rates | null;
  /** That of the first project that was asked about. */
  #organisation: number | null = null;
  /** Projects that this request was counted for. */
  #entered: number | Set<number> | null = null;

  /** `rates`: where requests are counted; null where nobody counts. */
  constructor(
    access: Access,
    who: Principal,
    action: Action,
    from: Visitor = NOWHERE,
    rates: Rates | null = null,
  ) {
    this.name = who.name;
    this.actor = actorOf(who, from);
    this.#access = access;
    this.#who = who;
    this.#action = action;
    this.#rates = rates;
  }

  /**
   * Throws what `Access.may` throws, and `exhausted` when too many requests came for the project. `action`: another one
   * than the operation's own, where it does more than usual.
   */
  async may(target: Target, action = this.#action): Promise<Project> {
    this.hasAsked = true;
    this.asked.push([target, action]);
    const id = typeof target === 'number' ? target : target.project;
    const project = await this.#noting({ project: id }, action, () =>
      this.#access.may(this.#who, action, target),
    );
    this.#organisation ??= project.organisationId;
    if (this.#rates && this.#isNew(project.id)) await this.#rates.enter(this.#who, project.id);
    return project;
  }

  /**
   * Whose share a place is that the caller takes for long: the organisation of the first project that was asked about, else one
   * that the caller belongs to. Null for staff.
   */
  async tenant(): Promise<number | null> {
    const { staff, organisations, projects } = this.#who;
    if (staff) return null;
    const [own = null] = organisations.keys();
    const [project] = projects.keys();
    const known = this.#organisation ?? own;
    if (known !== null || project === undefined) return known;
    const found = await this.#access.may(this.#who, this.#action, project).catch(() => null);
    return found?.organisationId ?? null;
  }

  /** A request is counted once, however often it asks. */
  #isNew(project: number): boolean {
    if (this.#entered === null) {
      this.#entered = project;
      return true;
    }
    if (this.#entered === project) return false;
    const all = typeof this.#entered === 'number' ? new Set([this.#entered]) : this.#entered;
    this.#entered = all;
    const before = all.size;
    return all.add(project).size > before;
  }

  /** Throws what `Access.mayIn` throws. */
  async mayIn(organisation: number): Promise<Manager> {
    this.hasAsked = true;
    const role = await this.#noting({ organisation }, this.#action, () =>
      this.#access.mayIn(this.#who, this.#action, organisation),
    );
    const { staff } = this.#who;
    // Who is something small there, too, is staff nevertheless.
    return { actor: this.actor, role, rank: staff ? 'owner' : (role ?? 'owner'), staff };
  }

  /** As `may`, for who manages members of a project. */
  async mayManage(project: number): Promise<Manager> {
    await this.may(project);
    const rank = this.rank(project);
    return { actor: this.actor, role: rank, rank, staff: this.#who.staff };
  }

  /** The mightiest of what the caller is in a project. Opens nothing. */
  rank(project: number): Role {
    return this.#access.rank(this.#who, project);
  }

  /** For what belongs to no project and no organisation. Throws `forbidden`. */
  mayAnywhere(): void {
    this.hasAsked = true;
    this.#notingNow(() => this.#access.mayAnywhere(this.#who, this.#action));
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
    return this.#notingNow(() => this.#access.everywhere(this.#who, this.#action));
  }

  /** Numbers of the organisations that the caller is a member of, and what it is there; null for all. */
  organisations(): ReadonlyMap<number, Role> | null {
    this.hasAsked = true;
    return this.#notingNow(() => this.#access.organisations(this.#who, this.#action));
  }

  account(): Account {
    this.hasAsked = true;
    return this.#notingNow(() => this.#access.account(this.#who, this.#action));
  }

  reach(action = this.#action): Reach {
    this.hasAsked = true;
    return this.#notingNow(() => this.#access.reach(this.#who, action));
  }

  /** What is forbidden in a place stands in its log. Whether there is such a place is nobody's to read there. */
  async #noting<T>(place: NonNullable<AuditPlace>, action: Action, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      const object = 'project' in place ? `project ${place.project}` : Object.entries(place).flat().join(' ');
      this.#note(error, action, isForbidden(error) ? place : null, object);
      throw error;
    }
  }

  /** The same for what is asked about no place: it stands in the logs of where the caller belongs. */
  #notingNow<T>(ask: () => T): T {
    try {
      return ask();
    } catch (error) {
      const { user } = this.#who;
      this.#note(error, this.#action, user === null ? null : { user }, '');
      throw error;
    }
  }

  #note(error: unknown, action: Action, place: AuditPlace, object: string): void {
    if (!(error instanceof DomainError) || !['forbidden', 'not_found'].includes(error.kind)) return;
    this.#access.noteRefusal({ actor: this.actor, action, place, object, why: error.message });
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof DomainError && error.kind === 'forbidden';
}
