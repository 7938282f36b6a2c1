// The ways in which messages go from one side to the other, as
// `{ pump, drain }` for many one way, `{ send, receive }` or `{ sendSync, receiveSync }` for one,
// `whenReady` if more is to be done once both sides are open, and `close`.
import { atomics } from './atomics.mjs';
import { advanced, json, worker } from './channels.mjs';
import { awaited, batched, blocking, inPlace, many, packed, tried } from './crossmem.mjs';
import { redis } from './redis.mjs';
import { corked, socket } from './socket.mjs';
import { zeromq } from './zeromq.mjs';

export const links = {
  awaited,
  tried,
  many,
  batched,
  packed,
  blocking,
  inPlace,
  atomics,
  json,
  advanced,
  worker,
  socket,
  corked,
  zeromq,
  redis,
};
