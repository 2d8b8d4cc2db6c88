//! Pseudo-consoles of Windows. A command line and everything that it starts are in one job, which ends with its last
//! handle: so nothing of it outlives this program, however that ends.
#![allow(unsafe_code, reason = "the system's calls")]

use std::ffi::{OsStr, OsString, c_void};
use std::fmt::Write as _;
use std::io;
use std::os::windows::ffi::OsStrExt as _;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::ptr::{null, null_mut};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::{ERROR_BROKEN_PIPE, HANDLE, WAIT_OBJECT_0};
use windows_sys::Win32::Security::Cryptography::{BCRYPT_USE_SYSTEM_PREFERRED_RNG, BCryptGenRandom};
use windows_sys::Win32::Storage::FileSystem::{ReadFile, WriteFile};
use windows_sys::Win32::System::Console::{
    COORD, ClosePseudoConsole, CreatePseudoConsole, HPCON, ResizePseudoConsole,
};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectBasicAccountingInformation, JobObjectExtendedLimitInformation, OpenJobObjectW,
    QueryInformationJobObject, SetInformationJobObject, TerminateJobObject,
};
use windows_sys::Win32::System::Pipes::{CreatePipe, PeekNamedPipe};
use windows_sys::Win32::System::Threading::{
    CREATE_SUSPENDED, CREATE_UNICODE_ENVIRONMENT, CreateProcessW, DeleteProcThreadAttributeList,
    EXTENDED_STARTUPINFO_PRESENT, GetExitCodeProcess, InitializeProcThreadAttributeList,
    PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE, PROCESS_INFORMATION, ResumeThread, STARTF_USESTDHANDLES,
    STARTUPINFOEXW, TerminateProcess, UpdateProcThreadAttribute, WaitForSingleObject,
};

use super::{MARK, MARK_LENGTH, PtyError, Read, Terminal, Typing};
use crate::windows::{last_error, wide};

/// What does not end at all is given up after this long.
const GIVEN_UP: Duration = Duration::from_secs(2);
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(5);
/// The right to end a job, and to ask about it.
const JOB_TERMINATE: u32 = 8;
const JOB_QUERY: u32 = 4;
/// This program's settings: a command line gets none of them.
const OURS: &str = "FARHAND_";

struct Console(HPCON);

// SAFETY: a handle that belongs to no thread.
unsafe impl Send for Console {}

impl Drop for Console {
    fn drop(&mut self) {
        // SAFETY: made by `open`, and closed once.
        unsafe { ClosePseudoConsole(self.0) };
    }
}

struct Pty {
    /// None once it is closed.
    console: Mutex<Option<Console>>,
    input: OwnedHandle,
    output: OwnedHandle,
    process: OwnedHandle,
    job: OwnedHandle,
    program: String,
    user: String,
    mark: String,
}

pub fn open(cols: u16, rows: u16) -> Result<Arc<dyn Terminal>, PtyError> {
    let (from_us, input) = pipe().map_err(PtyError::NoTerminal)?;
    let (output, to_us) = pipe().map_err(PtyError::NoTerminal)?;
    let console = console(cols, rows, &from_us, &to_us).map_err(PtyError::NoTerminal)?;
    let mark = draw_mark().map_err(PtyError::NoTerminal)?;
    let job = job(&mark).map_err(PtyError::NoTerminal)?;
    let program = std::env::var("COMSPEC").unwrap_or_else(|_| r"C:\Windows\System32\cmd.exe".to_owned());
    let process = start(&program, &console, &job, &mark)
        .map_err(|error| PtyError::NotStarted { program: program.clone(), error })?;
    let user = std::env::var("USERNAME").unwrap_or_default();
    let console = Mutex::new(Some(console));
    Ok(Arc::new(Pty { console, input, output, process, job, program, user, mark }))
}

/// The ends to read from and to write to.
fn pipe() -> io::Result<(OwnedHandle, OwnedHandle)> {
    let (mut read, mut write) = (null_mut(), null_mut());
    // SAFETY: both are written after success, and owned from here on. Nobody inherits them.
    unsafe {
        if CreatePipe(&raw mut read, &raw mut write, null(), 0) == 0 {
            return Err(last_error());
        }
        Ok((OwnedHandle::from_raw_handle(read), OwnedHandle::from_raw_handle(write)))
    }
}

fn size(cols: u16, rows: u16) -> COORD {
    let side = |letters: u16| i16::try_from(letters.max(1)).unwrap_or(i16::MAX);
    COORD { X: side(cols), Y: side(rows) }
}

fn console(cols: u16, rows: u16, input: &OwnedHandle, output: &OwnedHandle) -> io::Result<Console> {
    let mut console: HPCON = 0;
    // SAFETY: both ends are open; the console makes copies of them.
    let result = unsafe {
        CreatePseudoConsole(
            size(cols, rows),
            input.as_raw_handle(),
            output.as_raw_handle(),
            0,
            &raw mut console,
        )
    };
    if result < 0 { Err(io::Error::from_raw_os_error(result)) } else { Ok(Console(console)) }
}

/// Letters that nobody guesses: whoever knows them may end the job.
fn draw_mark() -> io::Result<String> {
    let mut random = [0_u8; MARK_LENGTH / 2];
    // SAFETY: so many bytes are written.
    let status = unsafe {
        BCryptGenRandom(null_mut(), random.as_mut_ptr(), random.len() as u32, BCRYPT_USE_SYSTEM_PREFERRED_RNG)
    };
    if status < 0 {
        return Err(io::Error::other("the system draws no random numbers"));
    }
    Ok(random.iter().fold(String::new(), |mut mark, byte| {
        // Writing to a text cannot fail.
        let _ = write!(mark, "{byte:02x}");
        mark
    }))
}

fn job_name(mark: &str) -> Vec<u16> {
    wide(&format!("Local\\farhand-terminal-{mark}"))
}

fn job(mark: &str) -> io::Result<OwnedHandle> {
    let name = job_name(mark);
    // SAFETY: the name lives as long as the call; the structure is as large as is said.
    unsafe {
        let handle = CreateJobObjectW(null(), name.as_ptr());
        if handle.is_null() {
            return Err(last_error());
        }
        let job = OwnedHandle::from_raw_handle(handle);
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        let length = size_of::<JOBOBJECT_EXTENDED_LIMIT_INFORMATION>() as u32;
        let about = (&raw const limits).cast::<c_void>();
        if SetInformationJobObject(handle, JobObjectExtendedLimitInformation, about, length) == 0 {
            return Err(last_error());
        }
        Ok(job)
    }
}

/// Room for one attribute of a process.
struct Attributes(Vec<usize>);

impl Attributes {
    fn new(console: &Console) -> io::Result<Self> {
        let mut length = 0;
        // SAFETY: first the length is asked for, then there is room for as much.
        unsafe {
            InitializeProcThreadAttributeList(null_mut(), 1, 0, &raw mut length);
            let mut room = vec![0_usize; length.div_ceil(size_of::<usize>()).max(1)];
            if InitializeProcThreadAttributeList(room.as_mut_ptr().cast(), 1, 0, &raw mut length) == 0 {
                return Err(last_error());
            }
            let mut all = Self(room);
            let attribute = PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE as usize;
            // The console's handle is the value itself, not where it lies.
            let value = console.0 as *const c_void;
            let list = all.list();
            if UpdateProcThreadAttribute(list, 0, attribute, value, size_of::<HPCON>(), null_mut(), null())
                == 0
            {
                return Err(last_error());
            }
            Ok(all)
        }
    }

    fn list(&mut self) -> *mut c_void {
        self.0.as_mut_ptr().cast()
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: initialised by `new`.
        unsafe { DeleteProcThreadAttributeList(self.list()) };
    }
}

fn start(program: &str, console: &Console, job: &OwnedHandle, mark: &str) -> io::Result<OwnedHandle> {
    let mut attributes = Attributes::new(console)?;
    let mut startup = STARTUPINFOEXW::default();
    startup.StartupInfo.cb = size_of::<STARTUPINFOEXW>() as u32;
    // Without this it would be given the ends that this program itself was started with.
    startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    startup.lpAttributeList = attributes.list();
    let path = wide(program);
    let mut line = wide(&format!("\"{program}\""));
    let variables = environment(mark);
    let home = std::env::var("USERPROFILE").ok().filter(|home| std::path::Path::new(home).is_dir());
    let folder = home.as_deref().map(wide);
    let mut made = PROCESS_INFORMATION::default();
    let flags = CREATE_SUSPENDED | CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT;
    // SAFETY: everything that is pointed to lives as long as the call; handles that are made are owned from then on.
    unsafe {
        let done = CreateProcessW(
            path.as_ptr(),
            line.as_mut_ptr(),
            null(),
            null(),
            0,
            flags,
            variables.as_ptr().cast(),
            folder.as_ref().map_or(null(), |folder| folder.as_ptr()),
            &raw const startup.StartupInfo,
            &raw mut made,
        );
        if done == 0 {
            return Err(last_error());
        }
        let (process, thread) =
            (OwnedHandle::from_raw_handle(made.hProcess), OwnedHandle::from_raw_handle(made.hThread));
        // Before it runs: nothing that it starts is outside of the job.
        if AssignProcessToJobObject(job.as_raw_handle(), process.as_raw_handle()) == 0 {
            let error = last_error();
            TerminateProcess(process.as_raw_handle(), 1);
            return Err(error);
        }
        ResumeThread(thread.as_raw_handle());
        Ok(process)
    }
}

/// The variables of a command line: this program's own without its settings, and the mark.
fn environment(mark: &str) -> Vec<u16> {
    let ours = |name: &OsStr| name.to_string_lossy().to_ascii_uppercase().starts_with(OURS);
    let theirs = std::env::vars_os().filter(|(name, _)| !ours(name));
    let all = theirs.chain([(OsString::from(MARK), OsString::from(mark))]);
    let mut block = Vec::new();
    for (name, value) in all {
        block.extend(name.encode_wide());
        block.push(u16::from(b'='));
        block.extend(value.encode_wide());
        block.push(0);
    }
    block.push(0);
    block
}

impl Pty {
    fn console(&self) -> std::sync::MutexGuard<'_, Option<Console>> {
        self.console.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Terminal for Pty {
    fn about(&self) -> (String, String) {
        (self.program.clone(), self.user.clone())
    }

    fn read(&self, into: &mut [u8], wait: Duration) -> io::Result<Read> {
        let until = Instant::now() + wait;
        loop {
            let mut waiting = 0;
            // SAFETY: only the number of bytes is asked for, and then no more than fit are read.
            unsafe {
                let pipe: HANDLE = self.output.as_raw_handle();
                if PeekNamedPipe(pipe, null_mut(), 0, null_mut(), &raw mut waiting, null_mut()) == 0 {
                    return ended(last_error());
                }
                if waiting > 0 {
                    let most = u32::try_from(into.len()).unwrap_or(u32::MAX).min(waiting);
                    let mut read = 0;
                    if ReadFile(pipe, into.as_mut_ptr(), most, &raw mut read, null_mut()) == 0 {
                        return ended(last_error());
                    }
                    return Ok(Read::Some(read as usize));
                }
            }
            if Instant::now() >= until {
                return Ok(Read::Nothing);
            }
            // A pipe like this cannot be waited for with a time.
            std::thread::sleep(LOOK);
        }
    }

    fn typing(&self) -> io::Result<Typing> {
        // A pseudo-console does not say how its program takes keys.
        Ok(Typing::Raw)
    }

    fn write(&self, bytes: &[u8], _wait: Duration) -> io::Result<usize> {
        let mut written = 0;
        let most = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        // SAFETY: no more than there is is read.
        let done = unsafe {
            WriteFile(self.input.as_raw_handle(), bytes.as_ptr(), most, &raw mut written, null_mut())
        };
        if done == 0 { Err(last_error()) } else { Ok(written as usize) }
    }

    fn resize(&self, cols: u16, rows: u16) -> io::Result<()> {
        let console = self.console();
        let Some(console) = console.as_ref() else { return Err(io::ErrorKind::BrokenPipe.into()) };
        // SAFETY: it is open while the lock is held.
        let result = unsafe { ResizePseudoConsole(console.0, size(cols, rows)) };
        if result < 0 { Err(io::Error::from_raw_os_error(result)) } else { Ok(()) }
    }

    fn ended(&self) -> Option<String> {
        // SAFETY: the handle is open for as long as `self`.
        unsafe {
            if WaitForSingleObject(self.process.as_raw_handle(), 0) != WAIT_OBJECT_0 {
                return None;
            }
            let mut code = 0;
            GetExitCodeProcess(self.process.as_raw_handle(), &raw mut code);
            Some(format!("exit code {code}"))
        }
    }

    fn mark(&self) -> &str {
        &self.mark
    }

    fn end(&self) {
        end_job(&self.job);
        // Whoever reads is at the end then.
        drop(self.console().take());
    }
}

fn ended(error: io::Error) -> io::Result<Read> {
    if error.raw_os_error() == Some(ERROR_BROKEN_PIPE as i32) { Ok(Read::End) } else { Err(error) }
}

fn end_job(job: &OwnedHandle) {
    let until = Instant::now() + GIVEN_UP;
    // SAFETY: the handle is open.
    unsafe { TerminateJobObject(job.as_raw_handle(), 1) };
    while runs(job) && Instant::now() < until {
        std::thread::sleep(LOOK);
    }
}

/// Whether anything of a job runs still.
fn runs(job: &OwnedHandle) -> bool {
    let mut about = JOBOBJECT_BASIC_ACCOUNTING_INFORMATION::default();
    let length = size_of::<JOBOBJECT_BASIC_ACCOUNTING_INFORMATION>() as u32;
    // SAFETY: no more than the structure is written.
    let known = unsafe {
        let (handle, into) = (job.as_raw_handle(), (&raw mut about).cast());
        QueryInformationJobObject(handle, JobObjectBasicAccountingInformation, into, length, null_mut())
    };
    known != 0 && about.ActiveProcesses > 0
}

pub fn end_marked(mark: &str) {
    let name = job_name(mark);
    // SAFETY: the name lives as long as the call; a handle that is got is owned.
    let job = unsafe {
        let handle = OpenJobObjectW(JOB_TERMINATE | JOB_QUERY, 0, name.as_ptr());
        if handle.is_null() {
            return;
        }
        OwnedHandle::from_raw_handle(handle)
    };
    end_job(&job);
}
