// crossmem stays outside of the bundle: it looks for its binary beside itself.
module.exports = {
  mode: 'production',
  target: 'node20',
  entry: './app.mjs',
  experiments: { outputModule: true },
  output: { path: __dirname, filename: 'webpack.mjs', module: true },
  externals: [/^crossmem($|\/)/],
  externalsType: 'module',
};
