#!/bin/bash
hostnamectl set-hostname web-{{ v1.instance_id }}
