import type { linkContracts, openIdContracts, sessionContracts } from '@spiderhub/wire';
import { operation, type ReplyOf } from './client.ts';

type Session = typeof sessionContracts;
type Links = typeof linkContracts;
type OpenId = typeof openIdContracts;

export type Me = ReplyOf<Session['readMe']>;
export type LinkFacts = ReplyOf<Links['readLink']>;
export type OpenSession = ReplyOf<Session['listSessions']>['sessions'][number];

export const readSignInWays = operation<Session['readSignInWays']>('readSignInWays', 'get', '/sign-in');
export const beginOpenId = operation<OpenId['beginOpenId']>('beginOpenId', 'post', '/sign-in/openid');
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
export const askForPassword = operation<Links['askForPassword']>(
  'askForPassword',
  'post',
  '/links/forgotten',
);
export const changeEmail = operation<Session['changeEmail']>('changeEmail', 'put', '/me/email');
export const confirmEmail = operation<Session['confirmEmail']>(
  'confirmEmail',
  'post',
  '/me/email/confirmation',
);
