"""The one door to AWS: places, sessions, calls with retries, and one line for each refusal. It knows none of our verbs.

`place` is a region of an account, `session` finds credentials by the chain of the AWS CLI and assumes roles, `client`
calls one service and retries, `errors` turns what AWS, the network or the credentials refused into a line.
"""
