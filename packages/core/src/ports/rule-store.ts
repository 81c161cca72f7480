import type { Actor } from '../access/actor.ts';
import type { Rule, RuleFiring, RulePlan } from '../rules/rule.ts';

/** Rules, and what they did. */
export interface RuleStore {
  list(project: number): Promise<Rule[]>;
  find(project: number, id: number): Promise<Rule | null>;
  /** Throws `conflict` when a project has too many. */
  create(actor: Actor, project: number, plan: RulePlan, most: number): Promise<Rule>;
  /** Null when there is none. */
  replace(actor: Actor, project: number, id: number, plan: RulePlan): Promise<Rule | null>;
  remove(actor: Actor, project: number, id: number): Promise<boolean>;
  /** The newest first, before a moment. */
  firings(project: number, id: number, before: Date | null, limit: number): Promise<RuleFiring[]>;
  /** What made a job, and what it made. */
  ofJob(project: number, key: string): Promise<{ madeBy: RuleFiring | null; made: RuleFiring[] }>;
}
