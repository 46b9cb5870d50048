/** zstd without its command: what it made once, and frames put together by hand. */

/** `id,name,number` and 400 records, as `zstd -19` packs them, with a checksum. */
export const packedRows = Buffer.from(
  [
    'KLUv/QRo3SsAKqbUEhagJ4UOQKb8iOUAcKKUUsqUUqW8Oq1CMwEjASIBFbiQoMCF8ARuTAlcuCJw0nngiuHAnW7gSDJw',
    'xQqBC52quUE1qqcWptQcFbXLvDYTrrXcWoWyRg01CioaSYgmIYZmW2gVBq0h8LQwmRZGSpsQpMkdaEOsWTDNTjQzemQW',
    'Ykb/s1M9K7OzCIGcXSjMolMyoiCZ4yMLtciKGLIgl/Vl2ZAqewllngiyxys2NsXaTqwCJTYhMGJU9BhrHBOSxkzBWOkh',
    'ZnJ9QqWPxfmo5Jv4pvUvnPxFTL+O8GNF+MooL3zygni8oYonbHhz3gtkL1iPUvRCqODxVN1pqKvOdDIiXVSik4l31XB3',
    'ejv+7EJ46Cgu7jVxRR1OosJFG5wUz5XQ3M9yLMmFwMCRahdafSYeiCw6iJhw8K8G9j5oxwG5MAgAwgwQCCg4UGBAUBCg',
    'wGAAgRQSOgmJ0M370NXJofvf0PEMXV1C6EK0iqsQFTfyKe4jxbUkinPwi4uWiwuPFjdBFhc0oTgJL+KqRJxFhrhQFeKo',
    'FcRVxIlr0cSJqcR5TuJKBuIqU8NFOA0XYoaTMDJchGM4+XAk4uFcd7ii4nB0CcNVcAlHKhJOLiOcaRGOVSFcRS5c2BYu',
    'sMJJCYWLcRBOooKjDwVnf4ILpQRHpAiuQjy4hjo4CdXgHITBNTgE5zoXdC7MuSnlXJzinET8XEl9zlU9Fzg8V304F4Jl',
    'rkRkboKMudtizhLmHOjmxGFznNYc0ZzEBHNTr3LhpXKvmnL8SLlQj3J8X84h0OUopuWCwXKfhnLhIjeBiFwnhlzZQo4C',
    'gxwRnRxFTE78kjNLcgyBgVxpAlXl4L3c4IVADF4VQ/AqSFVXUnXST3U9SXWMRnUceXUnV0et7i5W53CozjRFnYQSdeEy',
    '1I0IdREiqIvXqaOxqWup1FWU1E2YQB2dNV0IQtPFZzqGkOkqKqYL/KfrkKebutO5htM1GqZrp6QLIklXISOdlCLdg4R0',
    'MZduIixdXemIQekkBAbphl7R1RRFd/lEF6Qkuvojuno9uv6OTl6Nzj+jY1SIrvF6dyl6V/J5F1Ty7vV4F383Db/r+44k',
    '+G4ovBtKuQsnufvIuGOouCtPuAvTuyvJ7uauOxfRXf3grlTVLhrULsy0k4q0i2G0C8/bEdXtGtR2Fc52E9qRo9gxkNjF',
    'yLDrK+xCKdixfHaeMjt6lF2UZGdOYPdqhU6IKHScT+gCI5oqL4RAKi9Cpzz2Ul5ZorwKenkdlyfVltcGywsxobxAVeQ5',
    'lMgbf8jziJBHVpDX8+SdbPKoUvI+RPJMBvIsrvGCQuOV0IwnpIz3cYx3y8eTIo/HYMcbnuMFSRgvoko8Ykm81kc8khHx',
    'xiHeXLyqsHgmqnhBSPHoD+KRp8JjKbygJzxSJLwKFeGF0IfXEA5PAjU8BzI88iE8duoe3SN77j1E7nUq7pn6exHE96rV',
    'e/Ly3ifCvYcqe9OSPUqMvSkSe9KGPZG4PQple35rryhob1zBHk2rXrBQvVNNPdpSr0iiXvjrNdz1RKb1XLIe66EehYre',
    'W6JHFUPvU0LPd9Bz5/SkTC/QS0+ESC/eQC8sFTwiBa/8BI8CSfCmGMGbigcvgZCoEYxASL09AwFrkMIBESQIAX4MLBCC',
    'LAtJ9Gyo3uoQkFOZKxz6a86me5PzktHphW9FXN5xlWXtcao1RVg5pbNH+zxJqoX65Qxd4PH9KuEhjFhkq1VqWnGXIMJf',
    'sj4Cdcmj8mIRrcfUqtXqF0p2H4JBbS9WV1JdWtSdPQ4B+JrqSAiMs33NAQ0UjP1dAmIqlo0EuRExVgBFTArH0cuE2AJc',
    'WllIj1hA36uc0xovD6oClJtO5JVbeV1r5KtGV0MAUxU/C5JR',
  ].join(''),
  'base64',
)

export const rowsUnpacked = `id,name,number\n${Array.from(
  { length: 400 },
  (_, id) => `${id},name ${id % 7},${(id * id) % 1009}\n`,
).join('')}`

const magic = [0x28, 0xb5, 0x2f, 0xfd]
/** No checksum; a window of 1 KiB, or what is asked for. */
const header = (window: number) => Buffer.from([...magic, 0, window])

function block(type: number, size: number, isLast: boolean): Buffer {
  const bytes = Buffer.alloc(3)
  bytes.writeUIntLE((size << 3) | (type << 1) | Number(isLast), 0, 3)
  return bytes
}

/** The bytes as they are, in a frame of one block. */
export const storedFrame = (bytes: Buffer, window = 0x40): Buffer =>
  Buffer.concat([header(window), block(0, bytes.length, true), bytes])

/** A byte, again and again: four bytes for each 128 KiB. */
export const repeated = (byte: number, blocks: number): Buffer =>
  Buffer.concat([
    header(0x40),
    ...Array.from({ length: blocks }, (_, at) =>
      Buffer.concat([block(1, 128 * 1024, at === blocks - 1), Buffer.from([byte])]),
    ),
  ])

/** A frame that says nothing. */
export const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
