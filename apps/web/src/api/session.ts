import type { linkContracts, sessionContracts } from '@spiderhub/wire';
import { operation, type ReplyOf } from './client.ts';

type Session = typeof sessionContracts;
type Links = typeof linkContracts;

export type Me = ReplyOf<Session['readMe']>;
export type LinkFacts = ReplyOf<Links['readLink']>;
export type OpenSession = ReplyOf<Session['listSessions']>['sessions'][number];

export const readMe = operation<Session['readMe']>('readMe', 'get', '/me');
export const readSession = operation<Session['readSession']>('readSession', 'get', '/session');
export const signIn = operation<Session['signIn']>('signIn', 'post', '/session');
export const signOut = operation<Session['signOut']>('signOut', 'delete', '/session');
export const listSessions = operation<Session['listSessions']>('listSessions', 'get', '/sessions');
export const endSession = operation<Session['endSession']>('endSession', 'delete', '/sessions/:session');
export const endOtherSessions = operation<Session['endOtherSessions']>(
  'endOtherSessions',
  'delete',
  '/sessions',
);
export const changePassword = operation<Session['changePassword']>('changePassword', 'put', '/me/password');
export const readLink = operation<Links['readLink']>('readLink', 'post', '/links/look');
export const createAccount = operation<Links['createAccount']>('createAccount', 'post', '/accounts');
export const acceptInvitation = operation<Links['acceptInvitation']>(
  'acceptInvitation',
  'post',
  '/me/invitations',
);
export const setPassword = operation<Links['setPassword']>('setPassword', 'post', '/links/password');
