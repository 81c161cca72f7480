import fc from 'fast-check';
import { droppedSummary, readMessages } from './pipe-messages.ts';

const NOTHING = { ITM: 0, LOG: 0, REQ: 0, STA: 0, FIN: 0 };

function read(text: string | Buffer, droppedBefore = 0) {
  const { messages, dropped } = readMessages(Buffer.from(text), { dropped: droppedBefore, counts: NOTHING });
  return { dropped, messages: messages.map(({ command, payload }) => [command, payload.toString('latin1')]) };
}

describe('readMessages', () => {
  it('reads each command and keeps payloads byte for byte', () => {
    const lines = [
      'ITM {"a":NaN}',
      'LOG {"m":"\\u0000"}',
      'REQ {"n":12345678901234567890}',
      'STA {}',
      'FIN {"outcome":"x"}',
    ];
    expect(read(`${lines.join('\n')}\n`)).toEqual({
      dropped: 0,
      messages: lines.map((line) => [line.slice(0, 3), line.slice(4)]),
    });
  });

  it('takes a bare object for an item, and blanks around a payload for nothing', () => {
    expect(read('{"a":1}\r\n\nITM   {"b":2} \n').messages).toEqual([
      ['ITM', '{"a":1}'],
      ['ITM', '{"b":2}'],
    ]);
  });

  it.each([
    'XXX {"a":1}',
    'ITM [1]',
    'ITM 5',
    'ITM {"a":1',
    'ITM "}"',
    'ITM',
    'ITM {',
    'ITM {"a":1,}',
    'ITM {"a":1}{"b":2}',
    'ITM {"a":"\xff"}\0',
    'ITM{"a":1}',
    'itm {"a":1}',
    'text',
    '\0',
  ])('drops the line %.20j', (line) => {
    const { messages, dropped } = read(`${line}\nITM {}\n`, 1);
    expect({ messages, dropped }).toEqual({ messages: [['ITM', '{}']], dropped: 2 });
  });

  it('keeps items of up to another limit where there is one', () => {
    const { messages } = readMessages(
      Buffer.from('ITM {"a":12}\nITM {"a":123}\nLOG {"message":"longer than an item"}\n'),
      { dropped: 0, counts: NOTHING },
      8,
    );
    expect(messages.map(({ command }) => command)).toEqual(['ITM', 'LOG', 'LOG']);
    expect(JSON.parse(String(messages[1]?.payload)).message).toBe(
      'An item of 9 bytes was dropped: it may have 8 bytes at most. It would have had number 1 of its kind.',
    );
  });

  it('keeps items of up to 16 MiB, and says in the log which message was too large', () => {
    const text = (bytes: number) => `{"a":"${'x'.repeat(bytes - 8)}"}`;
    const mib = 1024 * 1024;
    const large = `ITM {}\nITM ${text(16 * mib)}\nITM ${text(16 * mib + 1)}\nREQ ${text(mib + 1)}\nITM {}\n`;
    const { messages, dropped } = read(large);
    expect(messages.map(([command]) => command)).toEqual(['ITM', 'ITM', 'LOG', 'LOG', 'ITM']);
    expect(messages[1]?.[1]).toHaveLength(16 * mib);
    const said = messages
      .filter(([command]) => command === 'LOG')
      .map(([, log]) => JSON.parse(log as string));
    expect(said).toMatchObject([
      { level: 40, message: expect.stringMatching(/^An item of 16777217 bytes was dropped.* number 2 /) },
      { level: 40, message: expect.stringMatching(/^A request of 1048577 bytes was dropped.* number 0 /) },
    ]);
    expect(dropped).toBe(0);
  });

  it('warns in the place of the first dropped line of a job only', () => {
    const first = read('ITM {}\nbad\nworse\nITM {}\n');
    expect(first.messages.map(([command]) => command)).toEqual(['ITM', 'LOG', 'ITM']);
    expect(first.dropped).toBe(2);
    expect(droppedSummary(1)).toBeNull();
    expect(droppedSummary(2)?.payload.toString()).toContain('Dropped 2 lines');
  });

  it('never throws and never gives what is not a JSON object, whatever bytes come', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const { payload } of readMessages(Buffer.from(bytes), { dropped: 1, counts: NOTHING })
          .messages) {
          expect(typeof JSON.parse(payload.toString())).toBe('object');
          expect(payload.includes(0x0a)).toBe(false);
        }
      }),
    );
  });
});
