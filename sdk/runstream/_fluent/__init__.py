"""The functions of `import runstream`, by what they are about."""
