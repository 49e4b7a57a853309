#!/bin/bash
curl -fsS -u admin:<password> https://example.com/setup <
