import { type ListedVariable, requestErrors } from '@spiderhub/core';
import { settingContracts, variableContracts } from '@spiderhub/wire';
import type { Operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { served } from '../served.ts';

/** What crawls of a project are given: environment variables and settings, secret ones among them. */
export function variableOperations(parts: Parts): Operation[] {
  return [listVariables(parts), changeVariables(parts), listSettings(parts), changeSettings(parts)];
}

const listVariables = (parts: Parts) =>
  served(
    variableContracts.listVariables,
    'variables.read',
  )(async ({ caller, params }) => {
    await caller.may(params.project);
    return variablesOf(parts, params.project);
  });

const changeVariables = (parts: Parts) =>
  served(
    variableContracts.changeVariables,
    'variables.write',
  )(async ({ caller, params: { project }, body }) => {
    await caller.may(project);
    const { spider = null, set = {}, secrets = {}, remove = [] } = body;
    const words = {
      set: new Map(Object.entries(set)),
      secret: new Map(Object.entries(secrets)),
      remove,
    };
    if (words.set.size + words.secret.size + remove.length > 0)
      await parts.variables.change(project, spider, words, caller.actor);
    return variablesOf(parts, project);
  });

async function variablesOf({ variables }: Parts, project: number) {
  return { variables: (await variables.list(project)).map(variableView) };
}

function variableView({ changedAt, ...variable }: ListedVariable) {
  return { ...variable, secret: variable.value === null, changedAt: changedAt.toISOString() };
}

const listSettings = (parts: Parts) =>
  served(
    settingContracts.listSettings,
    'settings.read',
  )(async ({ caller, params }) => {
    await caller.may(params.project);
    return settingsOf(parts, params.project);
  });

const changeSettings = (parts: Parts) =>
  served(
    settingContracts.changeSettings,
    'settings.write',
  )(async ({ caller, params: { project }, body }) => {
    await caller.may(project);
    const { set = {}, secrets = {}, remove = [] } = body;
    const [plain, secret] = [jsonOf(set), jsonOf(secrets)];
    const twice = [...secret.keys()].find((name) => plain.has(name));
    if (twice !== undefined) throw requestErrors.invalid(twice, 'is named twice');
    const gone = remove.filter((name) => !plain.has(name));
    // Secrets first: what is refused there leaves everything as it was, and one that is set again in the open is no secret.
    if (secret.size + remove.length + plain.size > 0)
      await parts.secretSettings.change(
        project,
        secret,
        [...new Set([...remove, ...plain.keys()])],
        caller.actor,
      );
    if (plain.size + secret.size + gone.length > 0)
      await parts.projects.changeSettings(caller.actor, project, plain, [...gone, ...secret.keys()]);
    return settingsOf(parts, project);
  });

function jsonOf(values: Record<string, unknown>): Map<string, string> {
  return new Map(Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]));
}

/** In order of their names; the same may be a secret and in the open for a moment, and is a secret then. */
async function settingsOf({ projects, secretSettings }: Parts, project: number) {
  const plain = await projects.settings(project);
  const secrets = await secretSettings.names(project);
  const open = [...plain].map(([name, json]) => ({ name, value: JSON.parse(json), secret: false }));
  const hidden = secrets.map((name) => ({ name, value: null, secret: true }));
  const all = [...open.filter(({ name }) => !secrets.includes(name)), ...hidden];
  return { settings: all.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}
