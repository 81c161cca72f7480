import type { ListedVariable } from '@spiderhub/core';
import { settingContracts, variableContracts } from '@spiderhub/wire';
import type { Operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { served } from '../served.ts';
import { changeLayer, readLayer } from '../spiders/settings.ts';

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
    await changeLayer(parts, { project, spider: 0 }, body, caller.actor);
    return settingsOf(parts, project);
  });

async function settingsOf(parts: Parts, project: number) {
  const settings = await readLayer(parts, { project, spider: 0 });
  return {
    settings: settings.map(({ name, value }) => ({
      name,
      value: value === null ? null : JSON.parse(value),
      secret: value === null,
    })),
  };
}
